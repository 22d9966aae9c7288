"""Parameters, logs, scheduled actions and usage limits of Redshift clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.schedules import schedule_problem
from template_checks.core.template import Resource
from template_checks.core.values import absent, matching, one_of, parsed, required, within
from template_checks.limits import redshift as limits
from template_checks.rules.redshift import CLUSTER

_API: Final = "https://docs.aws.amazon.com/redshift/latest/APIReference"
_GUIDE: Final = "https://docs.aws.amazon.com/redshift/latest/mgmt"
_PARAMETERS: Final = (
    "auto_analyze",
    "auto_mv",
    "datestyle",
    "enable_case_sensitive_identifier",
    "enable_user_activity_logging",
    "extra_float_digits",
    "max_concurrency_scaling_clusters",
    "query_group",
    "require_ssl",
    "search_path",
    "statement_timeout",
    "use_fips_ssl",
    "wlm_json_configuration",
)
_MOST_PARAMETERS: Final = 20
_COUNTED: Final = {
    "concurrency-scaling": "time",
    "cross-region-datasharing": "data-scanned",
    "spectrum": "data-scanned",
}
_LOGS: Final = ("connectionlog", "useractivitylog", "userlog")


@rule(
    "LAKE-REDSHIFT-016",
    "AWS::Redshift::ClusterParameterGroup",
    title="Parameters of a cluster are ones that it has, and its queues are a list",
    fix="correct ParameterName, and write wlm_json_configuration as a JSON list of queues",
    source=f"{_GUIDE}/working-with-parameter-groups.html",
)
def parameters(group: Resource) -> Iterator[Violation]:
    """Redshift refuses other parameters, and workload management that it cannot read."""
    yield from matching(group.at("ParameterGroupFamily"), r"redshift-\d+\.\d+", "redshift-1.0")
    found = group.at("Parameters").items()
    if len(found) > _MOST_PARAMETERS:
        allowed = f"{_MOST_PARAMETERS} or fewer"
        yield Violation(at=group.at("Parameters"), found=f"{len(found)} parameters", allowed=allowed)
    for parameter in found:
        name, value = parameter.at("ParameterName"), parameter.at("ParameterValue")
        yield from one_of(name, _PARAMETERS)
        if name.text == "wlm_json_configuration" and value.text is not None and not _is_list(value.text):
            yield Violation(at=value, allowed='a JSON list of queues, such as [{"auto_wlm": true}]')


@rule(
    "LAKE-REDSHIFT-017",
    "AWS::Redshift::ScheduledAction",
    title="A scheduled action has a schedule, a role and one thing to do",
    fix="set Schedule to cron(...) or at(...), IamRole, and TargetAction to one of PauseCluster and the like",
    source=f"{_API}/API_CreateScheduledAction.html",
)
def scheduled_action(action: Resource) -> Iterator[Violation]:
    """Redshift refuses others; CloudFormation asks for the name alone."""
    schedule, target = action.at("Schedule"), action.at("TargetAction")
    for node in (schedule, target, action.at("IamRole")):
        yield from required(node, "a value: the API asks for it")
    if schedule.text is not None:
        problem = schedule_problem(schedule.text, once=True)
        if schedule.text.startswith("rate("):
            problem = "cron(...) or at(yyyy-mm-ddThh:mm:ss)"
        if problem:
            yield Violation(at=schedule, allowed=problem)
    given = [name for name in ("PauseCluster", "ResumeCluster", "ResizeCluster") if target.at(name).given]
    if target.known and target.present and len(given) != 1:
        found = " and ".join(given) or "none"
        yield Violation(at=target, found=found, allowed="one of PauseCluster, ResumeCluster and ResizeCluster")


@rule(
    "LAKE-REDSHIFT-018",
    "AWS::Redshift::UsageLimit",
    title="A usage limit counts what its feature has",
    fix="set LimitType to time for concurrency-scaling and to data-scanned for spectrum and datasharing",
    source=f"{_API}/API_CreateUsageLimit.html",
)
def usage_limit(limit: Resource) -> Iterator[Violation]:
    """Redshift refuses others."""
    feature = limit.at("FeatureType").text
    if feature in _COUNTED:
        yield from one_of(limit.at("LimitType"), (_COUNTED[feature],))
    yield from within(limit.at("Amount"), limits.USAGE)


@rule(
    "LAKE-REDSHIFT-019",
    CLUSTER,
    title="Logs of a cluster go to CloudWatch or into a bucket",
    fix="set LogExports with cloudwatch, or BucketName with s3",
    source=f"{_API}/API_EnableLogging.html",
)
def logging(cluster: Resource) -> Iterator[Violation]:
    """Redshift refuses a destination without its settings, and logs that it does not write."""
    properties = cluster.at("LoggingProperties")
    if not properties.present:
        return
    kind, exports, bucket = (
        properties.at("LogDestinationType"),
        properties.at("LogExports"),
        properties.at("BucketName"),
    )
    yield from one_of(kind, ("cloudwatch", "s3"))
    if kind.text == "cloudwatch":
        yield from required(exports, "one or more of connectionlog, useractivitylog and userlog")
        yield from absent(bucket, "with cloudwatch")
    elif kind.text == "s3" or not kind.present:
        yield from required(bucket, "the name of a bucket")
    for export in exports.items():
        yield from one_of(export, _LOGS)


def _is_list(text: str) -> bool:
    return isinstance(parsed(text), list)
