"""Registry of the resource types that the local cloud knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.cloudformation.custom_model import CustomModel
from moto.cloudformation.parsing import get_model_map

from local_cloud.cloudformation.derivation import complete
from local_cloud.cloudformation.resource_type import ResourceType
from local_cloud.errors import LocalCloudError
from local_cloud.operations.table import PRETENDED_TYPES


class Registry:
    """The types of this package, and moto's own for everything else."""

    def __init__(self, types: Iterable[ResourceType]) -> None:
        self._declared = {kind.name: kind for kind in types}
        self._complete: dict[str, ResourceType] = {}

    def find(self, resource_type: str, logical_id: str) -> Any:
        """Return the type's implementation.

        Raises
        ------
        LocalCloudError
            If there is none: a resource that is left out would make the deployment a lie; or if it needs a package
            that is not installed.
        """
        if known := self._known(resource_type):
            if isinstance(known, ResourceType) and known.needs:
                known.needs.require(resource_type)
            return known
        raise LocalCloudError(
            f"the local cloud has no {resource_type} (logical id {logical_id}): leave the resource out with a "
            "condition or context value when you deploy locally, or add the type to "
            "local_cloud.cloudformation"
        )

    def model_of(self, resource_type: str) -> Any:
        """Return the implementation for moto's own look-ups, which happen before anything is created."""
        return self._known(resource_type) or CustomModel

    def _known(self, resource_type: str) -> Any:
        if resource_type in self._declared and resource_type not in self._complete:
            self._complete[resource_type] = complete(self._declared[resource_type])
        if resource_type in PRETENDED_TYPES:
            return None
        return self._complete.get(resource_type) or get_model_map().get(resource_type)
