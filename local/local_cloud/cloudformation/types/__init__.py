"""Resource types that moto lacks, or serves in part only, a module per service."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from local_cloud.cloudformation.resource_type import ResourceType


def all_types() -> list[ResourceType]:
    """Return the types that the modules of this package list in `TYPES`."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return [kind for module in modules for kind in module.TYPES]
