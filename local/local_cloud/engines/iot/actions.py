"""Actions of topic rules, each by a call to the service under the role that the action names.

https://docs.aws.amazon.com/iot/latest/developerguide/iot-rule-actions.html
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from botocore.exceptions import ClientError
from moto.utilities.utils import get_partition

from local_cloud.engines.iot.evaluation import Message, filled
from local_cloud.engines.iot.values import dumps, loads
from local_cloud.server.runtime import Runtime
from template_checks.limits import iot as limits


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An action that failed, as the message to the error action describes it."""

    action: str
    resource: str
    reason: str

    def described(self) -> dict[str, str]:
        return {"failedAction": self.action, "failedResource": self.resource, "errorMessage": self.reason}


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends what a rule has made of a message.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    region: str
        Region of the rule.
    message: Message
        The message, by which templates are filled.
    """

    runtime: Runtime
    region: str
    message: Message

    def send(self, action: Mapping[str, Any], payload: bytes) -> Failure | None:
        """Do what an action says, and return why it failed, if it has."""
        ((name, settings),) = action.items()
        kind = KINDS[name]
        try:
            kind.act(self, settings, payload)
        except (ClientError, ValueError) as error:
            return Failure(action=kind.name, resource=str(settings[kind.resource]), reason=str(error))
        return None

    def client(self, service: str, settings: Mapping[str, Any]) -> Any:
        return self.runtime.client(service, self.region, role=settings["roleArn"])

    def filled(self, template: str) -> str:
        return filled(template, self.message)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of action: its name in messages about failures, the setting that names its resource, and what it does."""

    name: str
    resource: str
    act: Callable[[Sender, Mapping[str, Any], bytes], None]


def _kinesis(sender: Sender, settings: Mapping[str, Any], payload: bytes) -> None:
    key = sender.filled(settings["partitionKey"]) if "partitionKey" in settings else str(uuid.uuid4())
    # By its ARN, so that the record of the call tells the Region.
    place = f"{sender.region}:{sender.runtime.account}"
    arn = f"arn:{get_partition(sender.region)}:kinesis:{place}:stream/{settings['streamName']}"
    sender.client("kinesis", settings).put_record(StreamARN=arn, PartitionKey=key, Data=payload)


def _firehose(sender: Sender, settings: Mapping[str, Any], payload: bytes) -> None:
    name, separator = settings["deliveryStreamName"], settings.get("separator", "").encode()
    firehose = sender.client("firehose", settings)
    parts = loads(payload) if settings.get("batchMode") else None
    if isinstance(parts, list):
        if len(parts) > limits.BATCH:
            raise ValueError(f"the array has {len(parts)} items, and a batch takes {limits.BATCH}")
        records = [{"Data": dumps(part).encode() + separator} for part in parts]
        answer = firehose.put_record_batch(DeliveryStreamName=name, Records=records)
        if answer["FailedPutCount"]:
            raise ValueError(f"{answer['FailedPutCount']} of {len(records)} records were not taken")
        return
    firehose.put_record(DeliveryStreamName=name, Record={"Data": payload + separator})


def _s3(sender: Sender, settings: Mapping[str, Any], payload: bytes) -> None:
    key = sender.filled(settings["key"])
    sender.client("s3", settings).put_object(Bucket=settings["bucketName"], Key=key, Body=payload)


def _sqs(sender: Sender, settings: Mapping[str, Any], payload: bytes) -> None:
    body = base64.b64encode(payload) if settings.get("useBase64") else payload
    sender.client("sqs", settings).send_message(QueueUrl=settings["queueUrl"], MessageBody=body.decode())


def _dynamodb(sender: Sender, settings: Mapping[str, Any], payload: bytes) -> None:
    content = loads(payload)
    if not isinstance(content, dict):
        raise ValueError("the payload is no object, whose members would be attributes")
    table = settings["putItem"]["tableName"]
    serialize = TypeSerializer().serialize
    item = {name: serialize(_plain(value)) for name, value in content.items()}
    sender.client("dynamodb", settings).put_item(TableName=table, Item=item)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


KINDS: Mapping[str, Kind] = {
    "dynamoDBv2": Kind(name="DynamoDBv2Action", resource="putItem", act=_dynamodb),
    "firehose": Kind(name="FirehoseAction", resource="deliveryStreamName", act=_firehose),
    "kinesis": Kind(name="KinesisAction", resource="streamName", act=_kinesis),
    "s3": Kind(name="S3Action", resource="bucketName", act=_s3),
    "sqs": Kind(name="SqsAction", resource="queueUrl", act=_sqs),
}
# Members that are acted on; what else an action has is refused.
SETTINGS: Mapping[str, frozenset[str]] = {
    "dynamoDBv2": frozenset({"roleArn", "putItem"}),
    "firehose": frozenset({"roleArn", "deliveryStreamName", "separator", "batchMode"}),
    "kinesis": frozenset({"roleArn", "streamName", "partitionKey"}),
    "s3": frozenset({"roleArn", "bucketName", "key"}),
    "sqs": frozenset({"roleArn", "queueUrl", "useBase64"}),
}
