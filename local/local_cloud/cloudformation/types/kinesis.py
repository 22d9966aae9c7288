"""Kinesis."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call, Setting
from local_cloud.cloudformation.resource_type import ResourceType

_DEFAULT_RETENTION_HOURS = 24

TYPES = [
    ResourceType(
        name="AWS::Kinesis::Stream",
        # It has a call for each part of a stream.
        update=Call(
            "update_stream_mode",
            {"StreamARN": "arn:{partition}:kinesis:{region}:{account}:stream/{id}"},
        ),
        delete=Call("delete_stream", {"StreamName": "{id}"}),
        # The API answers nothing.
        attributes={"Arn": "arn:{partition}:kinesis:{region}:{account}:stream/{id}"},
        ignore=frozenset({"DesiredShardLevelMetrics"}),
        settings=(
            Setting(
                path="RetentionPeriodHours",
                call=Call("increase_stream_retention_period", {"StreamName": "{id}"}),
                adapt=lambda hours: [{"RetentionPeriodHours": hours}] if int(hours) > _DEFAULT_RETENTION_HOURS else [],
            ),
            Setting(path="StreamEncryption", call=Call("start_stream_encryption", {"StreamName": "{id}"})),
        ),
        adapt=lambda properties: {"StreamModeDetails": {"StreamMode": "PROVISIONED"}, **properties},
    ),
    ResourceType(
        name="AWS::Kinesis::StreamConsumer",
        create=Call("register_stream_consumer"),
        ref="{Consumer[ConsumerARN]}",
        attributes={
            "ConsumerARN": "{Consumer[ConsumerARN]}",
            "ConsumerStatus": "{Consumer[ConsumerStatus]}",
        },
        delete=Call("deregister_stream_consumer", {"ConsumerARN": "{id}"}),
    ),
]
