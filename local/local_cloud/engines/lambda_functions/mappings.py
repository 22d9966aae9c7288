"""Event source mappings of functions: what they may say, and the pollers that act by them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import lambda_backends

from local_cloud.engines.lambda_functions.filters import check_filters
from local_cloud.engines.lambda_functions.pollers import Invoke, Poller, Pollers
from local_cloud.engines.lambda_functions.queues import QueuePoller, check_queue
from local_cloud.engines.lambda_functions.stream_sources import source_of
from local_cloud.engines.lambda_functions.streams import Progress, StreamPoller, progress_from
from local_cloud.server.runtime import Runtime

_LOG = logging.getLogger(__name__)
# What Lambda has for streams and not for queues, and what nothing here acts on.
_OF_STREAMS = (
    *("BisectBatchOnFunctionError", "DestinationConfig", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts"),
    *("ParallelizationFactor", "StartingPosition", "StartingPositionTimestamp"),
)
_UNSUPPORTED = ("TumblingWindowInSeconds",)
_DESTINATIONS = ("sqs", "sns", "s3")
# https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
_LIMITS = {
    "BatchSize": (1, 10_000),
    "MaximumBatchingWindowInSeconds": (0, 300),
    "MaximumRecordAgeInSeconds": (60, 604_800),
    "MaximumRetryAttempts": (0, 10_000),
    "ParallelizationFactor": (1, 10),
}
_POSITIONS = {
    "kinesis": ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"),
    "dynamodb": ("TRIM_HORIZON", "LATEST"),
}


class Mappings:
    """The mappings of all functions, each with its poller.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    invoke: callable
        Invokes a function.
    """

    def __init__(self, runtime: Runtime, invoke: Invoke) -> None:
        self._runtime = runtime
        self._invoke = invoke
        self._pollers = Pollers(runtime)
        self.progress: dict[str, Progress] = {}
        """Progress of each mapping in its stream, by its id."""

    def start(self) -> None:
        """Poll the sources of the mappings that were kept."""
        for backend in list(lambda_backends[self._runtime.account].values()):
            for mapping in list(backend._event_source_mappings.values()):
                # A mapping may outlive its source.
                with contextlib.suppress(StopIteration, InvalidParameterValueException):
                    self.follow(mapping)

    def follow(self, mapping: Any) -> None:
        """Poll the source of a mapping from now on."""
        self._pollers.follow(self._poller(mapping))

    def drain(self) -> None:
        self._pollers.drain()

    def _poller(self, mapping: Any) -> Poller:
        if _service(mapping.event_source_arn) == "sqs":
            return QueuePoller(mapping, self._invoke)
        role = _role(mapping)
        source = source_of(mapping.event_source_arn, mapping.account_id, mapping.region, role)
        if mapping.uuid not in self.progress:
            self.progress[mapping.uuid] = progress_from(mapping, source)

        def send(target: str, key: str, message: str) -> None:
            """Send a message to a queue or a topic, or put it into a bucket, as the function's role."""
            # The ARN of a bucket names no Region.
            region, name = target.split(":")[3] or mapping.region, target.rpartition(":")[2]
            client = self._runtime.client(_service(target), region, role=role)
            try:
                if _service(target) == "s3":
                    client.put_object(Bucket=name, Key=key, Body=message.encode())
                elif _service(target) == "sns":
                    client.publish(TopicArn=target, Message=message)
                else:
                    client.send_message(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=message)
            except ClientError:
                # Lambda only counts it.
                _LOG.exception("%s: cannot send to %s", mapping.event_source_arn, target)

        return StreamPoller(mapping, source, self.progress[mapping.uuid], invoke=self._invoke, send=send)


def check_mapping(spec: Mapping[str, Any], whole: Mapping[str, Any], function: Any = None) -> None:
    """Refuse what Lambda refuses, and what nothing here does.

    Parameters
    ----------
    spec, whole: Mapping[str, Any]
        The request, and the mapping that has the source's ARN.
    function: LambdaFunction, optional
        The function of a new mapping.

    Raises
    ------
    InvalidParameterValueException
        With the names of the parameters.
    """
    service = _service(str(whole.get("EventSourceArn")))
    given = [name for name, value in spec.items() if _says_something(name, value)]
    _refuse([name for name in given if name in _UNSUPPORTED])
    check_filters(spec.get("FilterCriteria"))
    if service == "sqs":
        if found := [name for name in given if name in _OF_STREAMS]:
            raise InvalidParameterValueException(f"{', '.join(found)} of a mapping is not for queues")
        if function:
            check_queue(dict(spec), int(function.timeout), function.account_id, function.region)
        return
    for name, (least, most) in _LIMITS.items():
        if _says_something(name, value := spec.get(name)) and not least <= int(value or 0) <= most:
            raise InvalidParameterValueException(f"{name} must be from {least} to {most}, got {value}")
    for kind, destination in (spec.get("DestinationConfig") or {}).items():
        target = str((destination or {}).get("Destination") or "")
        if target and (kind != "OnFailure" or _service(target) not in _DESTINATIONS):
            _refuse([f"{kind} {target}"])
    positions = _POSITIONS.get(service, ())
    if function and positions and spec.get("StartingPosition") not in positions:
        raise InvalidParameterValueException(f"StartingPosition must be one of {', '.join(positions)}")
    if spec.get("StartingPosition") == "AT_TIMESTAMP" and spec.get("StartingPositionTimestamp") is None:
        raise InvalidParameterValueException("StartingPosition AT_TIMESTAMP needs a StartingPositionTimestamp")


def _role(mapping: Any) -> str | None:
    """Return the role of a function; None if the mapping has outlived it."""
    try:
        function = lambda_backends[mapping.account_id][mapping.region].get_function(mapping.function_arn)
    except LambdaClientError:
        return None
    return str(function.role)


def _refuse(names: list[str]) -> None:
    if names:
        message = f"{', '.join(names)} of an event source mapping is not supported by the local cloud"
        raise InvalidParameterValueException(message)


def _says_something(name: str, value: Any) -> bool:
    # Empty, and -1 for no limit, are what AWS takes them for where they are left out; one batch at a time as well.
    return value not in (None, False, -1, 0, "", [], {}) and (name, value) != ("ParallelizationFactor", 1)


def _service(arn: str) -> str:
    return [*arn.split(":"), "", "", ""][2]
