"""Kinesis and Firehose."""

from __future__ import annotations

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, ResourceType, Setting

_DEFAULT_RETENTION_HOURS = 24

TYPES = [
    ResourceType(
        name="AWS::Kinesis::Stream",
        service="kinesis",
        create=Call("create_stream"),
        update=Call(
            "update_stream_mode",
            {"StreamARN": "arn:{partition}:kinesis:{region}:{account}:stream/{id}"},
        ),
        delete=Call("delete_stream", {"StreamName": "{id}"}),
        ref="{Name}",
        attributes={"Arn": "arn:{partition}:kinesis:{region}:{account}:stream/{id}"},
        physical_name=PhysicalName(path="Name"),
        rename={"Name": "StreamName"},
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
        name="AWS::KinesisFirehose::DeliveryStream",
        service="firehose",
        create=Call("create_delivery_stream"),
        delete=Call("delete_delivery_stream", {"DeliveryStreamName": "{id}"}),
        ref="{DeliveryStreamName}",
        attributes={"Arn": "arn:{partition}:firehose:{region}:{account}:deliverystream/{id}"},
        physical_name=PhysicalName(path="DeliveryStreamName", length=64),
    ),
]
