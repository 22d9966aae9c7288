"""Targets of rules: the services that take events, and how each is called.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.utilities.arns import Arn, parse_arn

from local_cloud.server.runtime import Runtime

_BUS, _LOG_GROUP = "event-bus", "log-group"


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An event on its way to one target.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    target: mapping
        The target, as PutTargets has it.
    content: str
        JSON that it gets.
    event: mapping
        The event itself.
    """

    runtime: Runtime
    target: Mapping[str, Any]
    content: str
    event: Mapping[str, Any]

    @property
    def arn(self) -> Arn:
        return parse_arn(self.target["Arn"])

    def client(self, service: str) -> Any:
        """Return a client under the role of the target, if it has one."""
        return self.runtime.client(service, self.arn.region, role=self.target.get("RoleArn"))

    def send(self) -> None:
        """Call the service."""
        _CALLS[self.arn.service](self)


def unsupported(target: Mapping[str, Any]) -> str | None:
    """Return why no event can be delivered to a target, None if it can."""
    arn = parse_arn(target["Arn"])
    kinds = {"events": _BUS, "logs": _LOG_GROUP}
    if arn.service not in _CALLS or kinds.get(arn.service, arn.resource_type) != arn.resource_type:
        return f"the target {target['Arn']} of a rule is not supported by the local cloud, only {', '.join(_CALLS)}"
    if (target.get("KinesisParameters") or {}).get("PartitionKeyPath"):
        return (
            "PartitionKeyPath of a target is not supported by the local cloud: records get the id of the event as key"
        )
    return None


def queue_url(runtime: Runtime, arn: Arn) -> str:
    """Return the URL of a queue."""
    url: str = runtime.client("sqs", arn.region).get_queue_url(QueueName=arn.resource_id)["QueueUrl"]
    return url


def _invoke(delivery: Delivery) -> None:
    payload = delivery.content.encode()
    delivery.client("lambda").invoke(FunctionName=delivery.target["Arn"], InvocationType="Event", Payload=payload)


def _send_message(delivery: Delivery) -> None:
    group = (delivery.target.get("SqsParameters") or {}).get("MessageGroupId")
    more = {"MessageGroupId": group} if group else {}
    url = queue_url(delivery.runtime, delivery.arn)
    delivery.client("sqs").send_message(QueueUrl=url, MessageBody=delivery.content, **more)


def _publish(delivery: Delivery) -> None:
    delivery.client("sns").publish(TopicArn=delivery.target["Arn"], Message=delivery.content)


def _start_execution(delivery: Delivery) -> None:
    machine = delivery.target["Arn"]
    delivery.client("stepfunctions").start_execution(stateMachineArn=machine, input=delivery.content)


def _put_record(delivery: Delivery) -> None:
    key, data = delivery.event["id"], delivery.content.encode()
    delivery.client("kinesis").put_record(StreamARN=delivery.target["Arn"], PartitionKey=key, Data=data)


def _deliver(delivery: Delivery) -> None:
    name = delivery.arn.resource_id
    delivery.client("firehose").put_record(DeliveryStreamName=name, Record={"Data": delivery.content.encode()})


def _put_events(delivery: Delivery) -> None:
    event = delivery.event
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event["resources"],
        "EventBusName": delivery.target["Arn"],
    }
    (answer,) = delivery.client("events").put_events(Entries=[entry])["Entries"]
    if "ErrorCode" in answer:
        raise ValueError(f"{answer['ErrorCode']}: {answer['ErrorMessage']}")


def _log(delivery: Delivery) -> None:
    logs, group = delivery.client("logs"), delivery.arn.resource_id.removesuffix(":*")
    stream = str(uuid.uuid4())
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    line = {"timestamp": int(time.time() * 1000), "message": delivery.content}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[line])


_CALLS: Mapping[str, Callable[[Delivery], None]] = {
    "events": _put_events,
    "firehose": _deliver,
    "kinesis": _put_record,
    "lambda": _invoke,
    "logs": _log,
    "sns": _publish,
    "sqs": _send_message,
    "states": _start_execution,
}
