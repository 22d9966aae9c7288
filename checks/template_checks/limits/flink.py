"""Limits of Managed Service for Apache Flink."""

from __future__ import annotations

from typing import Final

from template_checks.core.limit import Limit, Span

_APPLICATION: Final = "AWS::KinesisAnalyticsV2::Application"
_FLINK: Final = "ApplicationConfiguration.FlinkApplicationConfiguration"
_SCALING: Final = "https://docs.aws.amazon.com/managed-flink/latest/java/how-scaling.html"

PARALLELISM = Limit(
    _APPLICATION, f"{_FLINK}.ParallelismConfiguration.Parallelism", Span(1, 256, 1), unit="tasks", source=_SCALING
)
PARALLELISM_PER_KPU = Limit(
    _APPLICATION,
    f"{_FLINK}.ParallelismConfiguration.ParallelismPerKPU",
    Span(1, 8, 1),
    unit="tasks for each KPU",
    source=_SCALING,
)
CHECKPOINT_INTERVAL = Limit(
    _APPLICATION,
    f"{_FLINK}.CheckpointConfiguration.CheckpointInterval",
    Span(1),
    unit="milliseconds",
    source="https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_CheckpointConfiguration.html",
)
# By default an account has 64; https://docs.aws.amazon.com/managed-flink/latest/java/limits.html
KPUS_MAX: Final = 250
# https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_EnvironmentProperties.html,
# https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_PropertyGroup.html
PROPERTY_GROUPS_MAX: Final = 50
PROPERTIES_MAX: Final = 50
PROPERTY_LENGTH_MAX: Final = 2_048
PROPERTY_GROUP_ID: Final = r"[a-zA-Z0-9_.-]{1,50}"
