"""Delivery streams from topics of Kafka, for which moto has no place, by the place of their destination."""

from __future__ import annotations

from typing import Any

_PLACE = "MSKSourceConfiguration"
_SOURCE = "local_cloud_source"


def put_in_place(parameters: dict[str, Any]) -> None:
    """Put the topic of a request into its destination, which moto keeps."""
    source = parameters.pop(_PLACE, None)
    if source is None:
        return
    for name, configuration in parameters.items():
        if name.endswith("DestinationConfiguration"):
            parameters[name] = {**configuration, _SOURCE: source}


def source_of(configuration: dict[str, Any]) -> dict[str, Any] | None:
    """Return the topic of a delivery, and take away what `put_in_place` has added."""
    source: dict[str, Any] | None = configuration.pop(_SOURCE, None)
    return source


def is_topic(source: dict[str, Any] | None) -> bool:
    """Tell whether a delivery reads a topic."""
    return source is not None and "MSKClusterARN" in source
