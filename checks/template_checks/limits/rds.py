"""Limits of RDS and Aurora."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_CLUSTER, _INSTANCE = "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"
_SCALING = "ServerlessV2ScalingConfiguration"
_CAPACITY = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html"
_PAUSE = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html"
_API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference"

MIN_CAPACITY = Limit(_CLUSTER, f"{_SCALING}.MinCapacity", Span(0, 256, 0.5), unit="units", source=_CAPACITY)
MAX_CAPACITY = Limit(_CLUSTER, f"{_SCALING}.MaxCapacity", Span(1, 256, 0.5), unit="units", source=_CAPACITY)
NEPTUNE_MAX_CAPACITY = Limit(
    "AWS::Neptune::DBCluster",
    "ServerlessScalingConfiguration.MaxCapacity",
    Span(2.5, 128, 0.5),
    unit="units",
    source="https://docs.aws.amazon.com/neptune/latest/userguide/neptune-serverless-capacity-scaling.html",
)
PAUSE_SECONDS = Limit(
    _CLUSTER, f"{_SCALING}.SecondsUntilAutoPause", Span(300, 86_400, 1), unit="seconds", source=_PAUSE
)
CLUSTER_BACKUP_DAYS = Limit(
    _CLUSTER, "BackupRetentionPeriod", Span(1, 35, 1), unit="days", source=f"{_API}/API_CreateDBCluster.html"
)
INSTANCE_BACKUP_DAYS = Limit(
    _INSTANCE, "BackupRetentionPeriod", Span(0, 35, 1), unit="days", source=f"{_API}/API_CreateDBInstance.html"
)
STORAGE_GB = Limit(
    _INSTANCE, "AllocatedStorage", Span(20, 65_536, 1), unit="GB", source=f"{_API}/API_CreateDBInstance.html"
)
"""Of gp3, for PostgreSQL and MySQL."""
