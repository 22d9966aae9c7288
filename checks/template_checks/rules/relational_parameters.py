"""Parameter groups of RDS and Aurora, with the databases that they are of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.rules.relational import CLUSTER, INSTANCE

_AURORA: Final = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide"
_GROUPS: Final = {CLUSTER: "DBClusterParameterGroupName", INSTANCE: "DBParameterGroupName"}
# Parameters that have changes sent to others, with the values that do not.
_REPLICATION: Final = {
    "rds.logical_replication": {"0", "off", "false"},
    "aurora.enhanced_logical_replication": {"0", "off", "false"},
    "binlog_format": {"off"},
    "aurora_enhanced_binlog": {"0"},
}
# Engines by the parts of a version that its family has.
_PARTS: Final = {"postgres": 1, "aurora-postgresql": 1, "mysql": 2, "aurora-mysql": 2, "mariadb": 2}


@rule(
    "LAKE-DATABASES-018",
    CLUSTER,
    title="A cluster that may pause sends changes to nobody",
    fix="switch replication off, or set MinCapacity to 0.5 and pay for it knowingly",
    source=f"{_AURORA}/aurora-serverless-v2-auto-pause.html",
    severity=Severity.WARNING,
)
def pausing(cluster: Resource) -> Iterator[Violation]:
    """Aurora does not pause while it replicates: it bills half a unit or more all month."""
    least, group = cluster.at("ServerlessV2ScalingConfiguration.MinCapacity"), _group(cluster).target
    if least.number != 0 or group is None:
        return
    for name, off in _REPLICATION.items():
        value = _parameter(group, name)
        if value and value.lower() not in off:
            yield Violation(at=least, allowed=f"0.5 or more, since {group.logical_id} has {name} = {value}")


@rule(
    "LAKE-DATABASES-019",
    CLUSTER,
    INSTANCE,
    title="A parameter group is of the family of its database",
    fix="give the group the Family of the engine and its major version, such as aurora-postgresql17",
    source=f"{_AURORA}/USER_WorkingWithParamGroups.html",
)
def family(database: Resource) -> Iterator[Violation]:
    """RDS refuses a group of another family."""
    group, engine, version = _group(database).target, database.at("Engine").text, database.at("EngineVersion").text
    if (
        group is None
        or engine not in _PARTS
        or group.kind not in {f"{CLUSTER}ParameterGroup", "AWS::RDS::DBParameterGroup"}
    ):
        return
    found = group.at("Family")
    # Without a version, the newest major one decides, which a template does not tell.
    wanted = f"{engine}{'.'.join(version.split('.')[: _PARTS[engine]])}" if version else engine
    if found.text is not None and found.text != wanted and (version or not found.text.startswith(wanted)):
        yield Violation(at=_group(database), found=found.text, allowed=f"a group of the family {wanted}")


def _group(database: Resource) -> Node:
    return database.at(_GROUPS[database.kind])


def _parameter(group: Resource, name: str) -> str | None:
    """Return the value of a parameter, whose name may have dots."""
    value = (group.at("Parameters").value or {}).get(name) if isinstance(group.at("Parameters").value, dict) else None
    return str(value) if isinstance(value, str | int) else None
