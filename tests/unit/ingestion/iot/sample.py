"""Samples of rules of IoT Core and of policies of devices."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.iot import (
    DeliveryAction,
    DeviceIngest,
    DevicePolicy,
    ItemAction,
    ObjectAction,
    QueueAction,
    StreamAction,
)
from template_checks.limits import iot
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def rule(lake: Fixtures, **options: Any) -> dict[str, Any]:
    to_stream = StreamAction(stream=lake.stream, partition_key="${topic(2)}")
    common = {"topic_filter": "dt/+/flights", "dataset": lake.dataset, "errors": lake.raw}
    return {**common, "actions": [to_stream], **options}


INGEST = Sample(
    construct=DeviceIngest,
    options=lambda lake: rule(lake, derive={"carrier": "topic(2)"}, where="delay < 1000", alarm_topic=lake.topic),
    limits={
        "actions": Limited(
            limit=iot.ACTIONS,
            options=lambda lake, n: {
                "actions": [ObjectAction(zone=lake.raw, prefix=f"raw{i}/") for i in range(int(n))]
            },
        )
    },
)


def every(lake: Fixtures) -> dict[str, Any]:
    delivery = DeliveryStream(
        lake.scope, lake.unique("Delivery"), destination=S3Destination(zone=lake.raw, dataset=lake.dataset)
    )
    queue = sqs.Queue.from_queue_attributes(
        lake.scope,
        lake.unique("Queue"),
        queue_arn=lake.topic.stack.format_arn(service="sqs", resource="messages"),
        key_arn=lake.key.key_arn,
    )
    table = dynamodb.Table.from_table_attributes(
        lake.scope, lake.unique("Latest"), table_name="latest", encryption_key=lake.key
    )
    actions = [
        DeliveryAction(delivery=delivery),
        ObjectAction(zone=lake.raw, prefix="images/"),
        QueueAction(queue=queue),
        ItemAction(table=table),
    ]
    return rule(lake, actions=actions, enabled=False)


EVERY_ACTION = Sample(construct=DeviceIngest, variant="every action", options=every)


def policy(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> DevicePolicy:
    ingest = DeviceIngest(lake.scope, lake.unique("Ingest"), **rule(lake))
    return DevicePolicy(scope, name, **{"ingests": [ingest], "basic_ingest": True, **options})


POLICY = Sample(construct=DevicePolicy, build=policy)
