"""Kinesis Video Streams: moto's streams, to which no video can be sent."""

from __future__ import annotations

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::KinesisVideo::Stream",
        physical_name=PhysicalName(path="Name"),
        attributes={"Arn": "{StreamARN}"},
        rename={"Name": "StreamName"},
        # moto has no UpdateStream and no UpdateDataRetention.
        update=None,
        delete=Call("delete_stream", {"StreamARN": "{StreamARN}"}),
    ),
]
