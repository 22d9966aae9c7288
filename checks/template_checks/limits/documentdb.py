"""Limits of Amazon DocumentDB."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_CLUSTER, _SCALING = "AWS::DocDB::DBCluster", "ServerlessV2ScalingConfiguration"
_GUIDE = "https://docs.aws.amazon.com/documentdb/latest/developerguide"
_SERVERLESS = f"{_GUIDE}/docdb-serverless-how-it-works.html"

MIN_CAPACITY = Limit(_CLUSTER, f"{_SCALING}.MinCapacity", Span(0.5, 256, 0.5), unit="units", source=_SERVERLESS)
MAX_CAPACITY = Limit(_CLUSTER, f"{_SCALING}.MaxCapacity", Span(1, 256, 0.5), unit="units", source=_SERVERLESS)
BACKUP_DAYS = Limit(
    _CLUSTER, "BackupRetentionPeriod", Span(1, 35, 1), unit="days", source=f"{_GUIDE}/API_CreateDBCluster.html"
)
CHANGE_STREAM_SECONDS = Limit(
    "AWS::DocDB::DBClusterParameterGroup",
    "Parameters.change_stream_log_retention_duration",
    Span(3_600, 604_800, 1),
    unit="seconds",
    source=f"{_GUIDE}/cluster_parameter_groups-list_of_parameters.html",
)
SERVERLESS_VERSIONS = ("5.0", "8.0")
"""Versions of the engine that have serverless instances: https://docs.aws.amazon.com/documentdb/latest/developerguide/docdb-serverless-limitations.html."""
