"""Limits of AWS DMS."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

CAPACITY = Limit(
    "AWS::DMS::ReplicationConfig",
    "ComputeConfig.MaxCapacityUnits",
    *(Span(units, units) for units in (1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384)),
    unit="capacity units",
    source="https://docs.aws.amazon.com/dms/latest/APIReference/API_ComputeConfig.html",
)
INSTANCE_STORAGE = Limit(
    "AWS::DMS::ReplicationInstance",
    "AllocatedStorage",
    Span(5, 6_144, 1),
    unit="GB",
    source="https://docs.aws.amazon.com/dms/latest/APIReference/API_CreateReplicationInstance.html",
)
