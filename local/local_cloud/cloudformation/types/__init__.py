"""The resource types that moto lacks, or serves in part only, one module per field."""

from __future__ import annotations

from local_cloud.cloudformation.resource import ResourceType
from local_cloud.cloudformation.types import (
    analytics,
    compute,
    custom,
    governance,
    identity,
    messaging,
    monitoring,
    network,
    redshift,
    storage,
    streaming,
)


def all_types() -> list[ResourceType]:
    modules = (
        analytics,
        compute,
        custom,
        governance,
        identity,
        messaging,
        monitoring,
        network,
        redshift,
        storage,
        streaming,
    )
    return [kind for module in modules for kind in module.TYPES]
