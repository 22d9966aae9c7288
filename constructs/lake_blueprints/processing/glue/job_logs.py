"""The log groups that a Glue job writes to."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.foundation.encryption import GlueSecurityConfiguration

# Where the groups of Glue 4.0 are called otherwise than those of later versions.
_BEFORE_GLUE_5 = ("4.0",)


def define_job_logs(
    scope: Construct,
    *,
    role: iam.IRole,
    security: GlueSecurityConfiguration,
    glue_version: str,
    retention: logs.RetentionDays,
    removal_policy: RemovalPolicy,
) -> list[logs.LogGroup]:
    """Define the groups before Glue makes them, which would keep every log forever.

    Notes
    -----
    https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html and, for Glue 4.0,
    https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging-enable.html and
    https://docs.aws.amazon.com/glue/latest/webapi/API_JobRun.html
    """
    names = {
        construct_id: f"{_prefix(security, role.role_name, glue_version)}/{stream}"
        for construct_id, stream in (("ErrorLog", "error"), ("OutputLog", "output"))
    }
    if glue_version in _BEFORE_GLUE_5:
        names["ContinuousLog"] = f"/aws-glue/jobs/logs-v2-{security.name}"
    return [
        security.define_log_group(
            scope, construct_id, log_group_name=name, retention=retention, removal_policy=removal_policy
        )
        for construct_id, name in names.items()
    ]


def log_group_pattern(security: GlueSecurityConfiguration, glue_version: str) -> str:
    """Return the names of the groups, as a pattern that does not name the role: the role needs it before it exists."""
    if glue_version in _BEFORE_GLUE_5:
        return f"/aws-glue/jobs*-{security.name}*"
    return f"{_prefix(security, '*', glue_version)}"


def _prefix(security: GlueSecurityConfiguration, role_name: str, glue_version: str) -> str:
    if glue_version in _BEFORE_GLUE_5:
        return f"/aws-glue/jobs-{role_name}-{security.name}"
    return f"/aws-glue/jobs/{security.name}-role/{role_name}"
