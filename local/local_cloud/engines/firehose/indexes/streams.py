"""Delivery streams to indexes, for which moto has no place, by its place for Elasticsearch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.firehose.exceptions import ConcurrentModificationException, InvalidArgumentException
from moto.firehose.models import DeliveryStream

from local_cloud.engines.firehose.indexes.settings import KINDS

_PLACE = "ElasticsearchDestinationConfiguration"
_KIND = "local_cloud_kind"


def put_in_place(parameters: dict[str, Any]) -> None:
    """Put the index of a request where moto looks for one."""
    for kind in KINDS:
        if configuration := parameters.pop(f"{kind}DestinationConfiguration", None):
            parameters[_PLACE] = {**configuration, _KIND: kind}


def kind_of(name: str, configuration: dict[str, Any]) -> str:
    """Return the kind of a destination, and take away what `put_in_place` has added."""
    return str(configuration.pop(_KIND, name))


def update(stream: DeliveryStream, parameters: Mapping[str, Any]) -> bool:
    """Update the index of a stream, if that is asked for; return whether it is.

    Raises
    ------
    InvalidArgumentException
        If the stream has another destination.
    ConcurrentModificationException
        If the stream has changed meanwhile.
    """
    for kind in KINDS:
        if change := parameters.get(f"{kind}DestinationUpdate"):
            if kind not in stream.destinations[0]:
                raise InvalidArgumentException(
                    f"Changing the destination type to or from {kind} is not supported at this time."
                )
            if parameters["CurrentDeliveryStreamVersionId"] != stream.version_id:
                raise ConcurrentModificationException(
                    f"Cannot update firehose: {stream.delivery_stream_name} since the current version id: "
                    f"{stream.version_id} and specified version id: "
                    f"{parameters['CurrentDeliveryStreamVersionId']} do not match"
                )
            deployed: dict[str, Any] = stream.destinations[0][kind]
            backup = {**deployed["S3DestinationDescription"], **change.get("S3Update", {})}
            rest = {name: value for name, value in change.items() if name != "S3Update"}
            deployed.update({**rest, "S3DestinationDescription": backup})
            stream.version_id = str(int(stream.version_id) + 1)
            return True
    return False
