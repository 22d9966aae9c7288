"""Registry of the resource types that the local cloud knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.parsing import get_model_map

from local_cloud.cloudformation.resource import ResourceType
from local_cloud.errors import LocalCloudError


class Registry:
    """The types of this package, and moto's own for everything else."""

    def __init__(self, types: Iterable[ResourceType]) -> None:
        self._types = {kind.name: kind for kind in types}

    def find(self, resource_type: str, logical_id: str) -> Any:
        """Return the type's implementation.

        Raises
        ------
        LocalCloudError
            If there is none: a resource that is left out would make the deployment a lie.
        """
        known = self._types.get(resource_type) or get_model_map().get(resource_type)
        if known:
            return known
        raise LocalCloudError(
            f"the local cloud has no {resource_type} (logical id {logical_id}): leave the resource out with a "
            "condition or context value when you deploy locally, or add the type to "
            "local_cloud.cloudformation"
        )

    def model_of(self, resource_type: str) -> Any:
        """Return the implementation for moto's own look-ups, which happen before anything is created."""
        return self._types.get(resource_type) or get_model_map().get(resource_type) or CustomModel
