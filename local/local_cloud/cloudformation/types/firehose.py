"""Firehose."""

from __future__ import annotations

from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::KinesisFirehose::DeliveryStream",
        service="firehose",
        attributes={"Arn": "arn:{partition}:firehose:{region}:{account}:deliverystream/{id}"},
    ),
]
