"""Actions of a rule: what becomes of the messages that it selects.

Above 200 lines: one class for each action, most of it documentation.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iot as iot
from aws_cdk import aws_sqs as sqs

from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import Permission
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.firehose import DeliveryStream
from lake_blueprints.ingestion.iot import permissions
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.ingestion.kinesis.permissions import write_stream
from lake_blueprints.storage.s3 import Zone

_RULE = iot.CfnTopicRule
UNIQUE = "${newuuid()}"
"""A part of a key that no other message has."""


class RuleAction(ABC):
    """An action of a rule."""

    @property
    @abstractmethod
    def permissions(self) -> Iterable[Permission]:
        """Permissions of the rule's role for it."""

    @abstractmethod
    def bind(self, role_arn: str) -> iot.CfnTopicRule.ActionProperty:
        """Return the action as the rule has it."""

    def misfit(self, dataset: Dataset) -> str | None:
        """Return why it cannot be given rows of a dataset, and what to do; None if it can."""
        return None

    @property
    def stored(self) -> tuple[Zone, str] | None:
        """The zone and the prefix in which messages are stored as they came; None if they are not."""
        return None


@checked
@dataclass(frozen=True, kw_only=True)
class StreamAction(RuleAction):
    """Records of a Kinesis stream.

    Parameters
    ----------
    stream: Stream
        The stream.
    partition_key: str
        Template of the key by which records are kept in order, such as `${topic(2)}` for the order of each device. By
        default each record has another, which spreads them evenly.

    Example
    -------
        >>> StreamAction(stream=Stream(self, "Stream"), partition_key="${topic(2)}")
    """

    stream: Stream
    partition_key: str = UNIQUE

    @property
    def permissions(self) -> Iterable[Permission]:
        return write_stream(self.stream.stream, self.stream.key, ("kinesis:PutRecord",))

    def bind(self, role_arn: str) -> iot.CfnTopicRule.ActionProperty:
        action = _RULE.KinesisActionProperty(
            stream_name=self.stream.stream.stream_name, partition_key=self.partition_key, role_arn=role_arn
        )
        return _RULE.ActionProperty(kinesis=action)


@checked
@dataclass(frozen=True, kw_only=True)
class DeliveryAction(RuleAction):
    """Records of a Firehose delivery stream to which producers put them directly.

    Parameters
    ----------
    delivery: DeliveryStream
        The delivery stream.

    Example
    -------
        >>> telemetry = S3Destination(zone=raw, dataset=contract["flights"])
        >>> DeliveryAction(delivery=DeliveryStream(self, "Telemetry", destination=telemetry))
    """

    delivery: DeliveryStream

    @property
    def permissions(self) -> Iterable[Permission]:
        return (permissions.put_records(self.delivery.delivery_stream_arn),)

    def bind(self, role_arn: str) -> iot.CfnTopicRule.ActionProperty:
        # No separator: the delivery ends records with a line feed where its objects need one.
        action = _RULE.FirehoseActionProperty(
            delivery_stream_name=self.delivery.delivery_stream_name, role_arn=role_arn
        )
        return _RULE.ActionProperty(firehose=action)

    def misfit(self, dataset: Dataset) -> str | None:
        name, own = self.delivery.node.path, self.delivery.dataset.name
        if not self.delivery.takes_records:
            return f"delivery '{name}' reads a stream; give a StreamAction of that stream instead"
        if own != dataset.name:
            return (
                f"delivery '{name}' is of the dataset '{own}', and the rule selects '{dataset.name}'; give that one's"
            )
        return None


@checked
@dataclass(frozen=True, kw_only=True)
class ObjectAction(RuleAction):
    """An object in a zone for each message, for messages that are rare and large: S3 bills every one.

    Parameters
    ----------
    zone: Zone
        The zone.
    prefix: str
        Prefix of the objects, ending in a slash.
    name: str
        Template of the rest of the key. By default the day of arrival, UTC, as a folder, and a name that no other
        object has.

    Raises
    ------
    ValueError
        If the prefix is invalid, or all messages would have one key.

    Example
    -------
        >>> ObjectAction(zone=raw, prefix="images/", name="${topic(2)}/${newuuid()}.json")
    """

    zone: Zone
    prefix: str
    name: str = '${parse_time("yyyy-MM-dd", timestamp(), "UTC")}/${newuuid()}.json'

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
        if "${" not in self.name:
            raise ValueError(
                f"'name' must differ from message to message, got '{self.name}', which each would overwrite; add "
                "'${newuuid()}'"
            )

    @property
    def permissions(self) -> Iterable[Permission]:
        return permissions.put_objects(self.zone, self.prefix, "writes an object for each message")

    def bind(self, role_arn: str) -> iot.CfnTopicRule.ActionProperty:
        action = _RULE.S3ActionProperty(
            bucket_name=self.zone.bucket.bucket_name, key=f"{self.prefix}{self.name}", role_arn=role_arn
        )
        return _RULE.ActionProperty(s3=action)

    @property
    def stored(self) -> tuple[Zone, str] | None:
        return self.zone, self.prefix


@checked
@dataclass(frozen=True, kw_only=True)
class QueueAction(RuleAction):
    """Messages of an SQS queue, as text.

    Parameters
    ----------
    queue: sqs.IQueue
        The queue, which is no FIFO queue.

    Raises
    ------
    ValueError
        If it is one.

    Example
    -------
        >>> QueueAction(queue=sqs.Queue(self, "Alerts", enforce_ssl=True))
    """

    queue: sqs.IQueue

    def __post_init__(self) -> None:
        if self.queue.fifo:
            raise ValueError(f"IoT sends to no FIFO queue, got '{self.queue.node.path}'; give a standard queue")

    @property
    def permissions(self) -> Iterable[Permission]:
        return permissions.send_messages(self.queue)

    def bind(self, role_arn: str) -> iot.CfnTopicRule.ActionProperty:
        action = _RULE.SqsActionProperty(queue_url=self.queue.queue_url, use_base64=False, role_arn=role_arn)
        return _RULE.ActionProperty(sqs=action)


@checked
@dataclass(frozen=True, kw_only=True)
class ItemAction(RuleAction):
    """An item of a DynamoDB table for each message, whose members are its attributes: the last one of each key stays.

    Parameters
    ----------
    table: dynamodb.ITable
        The table, such as that of a `ServingTable`.

    Example
    -------
        >>> key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.NUMBER)
        >>> ItemAction(table=dynamodb.Table(self, "Latest", partition_key=key))
    """

    table: dynamodb.ITable

    @property
    def permissions(self) -> Iterable[Permission]:
        return permissions.put_items(self.table)

    def bind(self, role_arn: str) -> iot.CfnTopicRule.ActionProperty:
        action = _RULE.DynamoDBv2ActionProperty(
            put_item=_RULE.PutItemInputProperty(table_name=self.table.table_name), role_arn=role_arn
        )
        return _RULE.ActionProperty(dynamo_d_bv2=action)
