"""The log groups that Redshift writes audit logs to."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.foundation.removal import guard_removal

AUDIT_LOGS = ("userlog", "connectionlog", "useractivitylog")


def define_audit_logs(
    scope: Construct,
    warehouse: str,
    *,
    encryption_key: kms.IKey,
    retention: logs.RetentionDays,
    removal_policy: RemovalPolicy,
) -> list[logs.LogGroup]:
    """Define one group for each log, named as Redshift names it; else it makes them unencrypted, to stay forever."""
    groups = [
        logs.LogGroup(
            scope,
            log,
            log_group_name=f"/aws/redshift/{warehouse}/{log}",
            encryption_key=encryption_key,
            retention=retention,
        )
        for log in AUDIT_LOGS
    ]
    for group in groups:
        guard_removal(group, removal_policy, encryption_key=encryption_key)
    return groups
