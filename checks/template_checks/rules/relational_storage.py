"""Storage, backups, capacity and windows of databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, required, within
from template_checks.limits import rds as limits
from template_checks.rules.relational import CLUSTER, CLUSTERS, INSTANCE, OF_ANOTHER, by_engine

_API: Final = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference"
_IAM_LOG: Final = "iam-db-auth-error"
_LOGS: Final[dict[str, set[str]]] = {
    "mysql": {"audit", "error", "general", "slowquery", _IAM_LOG},
    "mariadb": {"audit", "error", "general", "slowquery", _IAM_LOG},
    "aurora-mysql": {"audit", "error", "general", "slowquery", "instance", _IAM_LOG},
    "postgres": {"postgresql", "upgrade", _IAM_LOG},
    "aurora-postgresql": {"postgresql", "instance", _IAM_LOG},
    "oracle-": {"alert", "audit", "listener", "trace", "oemagent"},
    "sqlserver-": {"agent", "error"},
}


@rule(
    "LAKE-DATABASES-009",
    INSTANCE,
    *CLUSTERS,
    "AWS::DocDB::DBInstance",
    "AWS::Neptune::DBInstance",
    title="Backups, monitoring and encryption are set as RDS takes them",
    fix="correct the value, or set what it needs",
    source=f"{_API}/API_CreateDBInstance.html",
)
def operations(resource: Resource) -> Iterator[Violation]:
    """RDS refuses others."""
    backups = limits.INSTANCE_BACKUP_DAYS if resource.kind == INSTANCE else limits.CLUSTER_BACKUP_DAYS
    yield from within(resource.at("BackupRetentionPeriod"), backups)
    interval, role = resource.at("MonitoringInterval"), resource.at("MonitoringRoleArn")
    if interval.number is not None and interval.number not in {0, 1, 5, 10, 15, 30, 60}:
        yield Violation(at=interval, allowed="0, 1, 5, 10, 15, 30 or 60 seconds")
    if interval.number:
        yield from required(role, "a role for monitoring")
    kept = resource.at("PerformanceInsightsRetentionPeriod")
    if kept.number is not None and kept.number not in {7, 731, *range(31, 714, 31)}:
        yield Violation(at=kept, allowed="7, a multiple of 31 up to 713, or 731 days")
    key, encrypted = resource.at("KmsKeyId"), resource.at("StorageEncrypted")
    if key.present and not any(resource.at(name).present for name in OF_ANOTHER) and not encrypted.present:
        yield from required(encrypted, "true with KmsKeyId")
    if key.present and encrypted.flag is False:
        yield Violation(at=encrypted, allowed="true with KmsKeyId")
    if resource.at("MultiAZ").flag:
        yield from absent(resource.at("AvailabilityZone"), "with MultiAZ")
    allowed = by_engine(_LOGS, resource.at("Engine").text, default=set())
    for log in resource.at("EnableCloudwatchLogsExports").items():
        if allowed and log.text is not None and log.text not in allowed:
            yield Violation(at=log, allowed=", ".join(sorted(allowed)))


@rule(
    "LAKE-DATABASES-010",
    INSTANCE,
    CLUSTER,
    title="Storage has what its type takes",
    fix="set Iops for io1 and io2, StorageThroughput for gp3 only, and more as the most than as the first size",
    source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html",
)
def storage(resource: Resource) -> Iterator[Violation]:
    """RDS refuses others."""
    kind, operations = resource.at("StorageType"), resource.at("Iops")
    aurora = (resource.at("Engine").text or "").startswith("aurora")
    if kind.text in {"io1", "io2"} and not aurora and not any(resource.at(name).present for name in OF_ANOTHER):
        yield from required(operations, f"operations per second with {kind.text}")
    if kind.text in {"gp2", "standard"}:
        yield from absent(operations, f"with {kind.text}")
    if kind.text is not None and kind.text != "gp3":
        yield from absent(resource.at("StorageThroughput"), f"with {kind.text}")
    first, most = resource.at("AllocatedStorage"), resource.at("MaxAllocatedStorage")
    if first.number is not None and most.number is not None and most.number <= first.number:
        yield Violation(at=most, allowed=f"more than {first.number:g} GB, the AllocatedStorage")


@rule(
    "LAKE-DATABASES-011",
    *CLUSTERS,
    title="Capacity of a serverless cluster is a range of units",
    fix="set MinCapacity to 0 to 256 and MaxCapacity to 1 to 256, in halves",
    source="https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html",
)
def serverless_capacity(cluster: Resource) -> Iterator[Violation]:
    """RDS refuses others, and a time to pause for a cluster that never does."""
    for name in ("ServerlessV2ScalingConfiguration", "ServerlessScalingConfiguration"):
        scaling = cluster.at(name)
        least, most = scaling.at("MinCapacity"), scaling.at("MaxCapacity")
        yield from within(least, limits.MIN_CAPACITY)
        # Neptune's begins lower.
        yield from within(
            most, limits.MIN_CAPACITY if name == "ServerlessScalingConfiguration" else limits.MAX_CAPACITY
        )
        if least.number is not None and most.number is not None and least.number > most.number:
            yield Violation(at=least, allowed=f"{most.number:g} or fewer, the MaxCapacity")
        pause = scaling.at("SecondsUntilAutoPause")
        yield from within(pause, limits.PAUSE_SECONDS)
        if least.number and name == "ServerlessV2ScalingConfiguration":
            yield from absent(pause, f"with MinCapacity {least.number:g}")


_TIME: Final = r"([01]\d|2[0-3]):[0-5]\d"
_DAY: Final = r"(mon|tue|wed|thu|fri|sat|sun)"
_WINDOWS: Final = {
    "PreferredBackupWindow": rf"{_TIME}-{_TIME}",
    "SnapshotWindow": rf"{_TIME}-{_TIME}",
    "PreferredMaintenanceWindow": rf"(?i:{_DAY}):{_TIME}-(?i:{_DAY}):{_TIME}",
}


@rule(
    "LAKE-DATABASES-013",
    INSTANCE,
    *CLUSTERS,
    "AWS::*::DBInstance",
    "AWS::ElastiCache::*",
    "AWS::Redshift::Cluster",
    "AWS::DMS::*",
    "AWS::MemoryDB::Cluster",
    "AWS::DAX::Cluster",
    title="A window is a time of the day, or of the week, of half an hour or more",
    fix="write hh:mm-hh:mm for backups, and ddd:hh:mm-ddd:hh:mm for maintenance, in UTC",
    source="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Maintenance.html",
)
def windows(resource: Resource) -> Iterator[Violation]:
    """The service refuses others."""
    for name, pattern in _WINDOWS.items():
        node = resource.at(name)
        if not node.text or node.text.startswith("{{"):
            continue
        if not re.fullmatch(pattern, node.text.strip()):
            form = "ddd:hh:mm-ddd:hh:mm" if "Maintenance" in name else "hh:mm-hh:mm"
            yield Violation(at=node, allowed=f"{form}, in UTC")
        elif "Maintenance" not in name:
            (start, end) = (int(part[:2]) * 60 + int(part[3:]) for part in node.text.strip().split("-"))
            if (end - start) % 1440 < 30:
                yield Violation(at=node, allowed="30 minutes or more")
