"""Queues that functions are mapped to, polled in batches as Lambda does.

A message of a batch that fails is in the queue again once its visibility timeout has passed, and in the dead-letter
queue after as many receipts as that allows:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import Message, Queue, sqs_backends

from local_cloud.engines.lambda_functions.answers import PARTIAL_FAILURES, failures
from local_cloud.engines.lambda_functions.filters import passes
from local_cloud.engines.lambda_functions.pollers import Invoke, Poller
from local_cloud.engines.lambda_functions.queue_events import parts, record
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches

_LARGEST_WITHOUT_WINDOW = 10

_delete_message = Queue.delete_message


def patch_queues(patches: Patches) -> None:
    """Register the replacements."""

    @patches.replace("moto.sqs.models", "Queue.delete_message")
    def delete_message(self: Any, receipt_handle: str) -> None:
        # moto copies the messages meanwhile, and forgets one that is sent at that moment.
        with self._messages_lock:
            _delete_message(self, receipt_handle)


class QueuePoller(Poller):
    """The queue of one mapping."""

    def __init__(self, mapping: Any, invoke: Invoke) -> None:
        super().__init__(mapping)
        self._queue = _queue(mapping.account_id, mapping.region, mapping.event_source_arn)
        self._invoke = invoke
        # When the first message of the next batch was seen.
        self._since: float | None = None
        # moto would hand on each message by itself when it is sent, also after the mapping was deleted.
        self._queue.lambda_event_source_mappings.clear()

    def source_exists(self) -> bool:
        mapping = self.mapping
        found = sqs_backends[mapping.account_id][mapping.region].queues.get(self._queue.name)
        return found is self._queue

    def waits(self) -> bool:
        return _waiting(self._queue) > 0

    def poll(self, *, at_once: bool) -> None:
        if self._is_due(at_once=at_once):
            for batch in parts(self._filtered(self._receive())):
                self._hand_on(batch)

    def _is_due(self, *, at_once: bool) -> bool:
        """Tell whether a batch is full, or its window has passed since its first message was there."""
        waiting, now = _waiting(self._queue), time.monotonic()
        self._since = (self._since or now) if waiting else None
        if self._since is None:
            return False
        full = waiting >= self.mapping.batch_size
        return full or at_once or now - self._since >= (self.mapping.max_batch_window or 0)

    def _receive(self) -> list[Message]:
        mapping, queue = self.mapping, self._queue
        self._since = None
        backend = sqs_backends[mapping.account_id][mapping.region]
        try:
            with queue._messages_lock:
                found: list[Message] = backend.receive_message(
                    queue.name, mapping.batch_size, 0, int(queue.visibility_timeout), ["All"]
                )
        except QueueDoesNotExist:
            return []
        return found

    def _filtered(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages that pass the filters; Lambda deletes the others from the queue."""
        kept = []
        for message in messages:
            if passes(self.mapping.filter_criteria, _with_body(record(message, self._queue, self.mapping.region))):
                kept.append(message)
            else:
                self._queue.delete_message(message.receipt_handle)
        return kept

    def _hand_on(self, batch: Sequence[Message]) -> None:
        mapping, queue = self.mapping, self._queue
        event = {"Records": [record(message, queue, mapping.region) for message in batch]}
        try:
            answer = self._invoke(mapping.function_arn, event, mapping.region)
        except (LocalCloudError, LambdaClientError):
            # It failed, as its log says, or is gone; the messages come back.
            return
        reports = PARTIAL_FAILURES in (mapping.function_response_types or ())
        failed = failures(answer, [message.id for message in batch]) if reports else set()
        for message in batch:
            if message.id not in failed:
                queue.delete_message(message.receipt_handle)


def check_queue(spec: dict[str, Any], function_timeout: int, account: str, region: str) -> None:
    """Refuse a mapping that Lambda refuses.

    Raises
    ------
    InvalidParameterValueException
        If the messages would be visible again while the function runs, or a large batch has no window.
    """
    queue = _queue(account, region, spec["EventSourceArn"])
    if int(queue.visibility_timeout) < function_timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function timeout: "
            f"{function_timeout} seconds"
        )
    size, window = spec.get("BatchSize") or _LARGEST_WITHOUT_WINDOW, spec.get("MaximumBatchingWindowInSeconds")
    if size > _LARGEST_WITHOUT_WINDOW and not window:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )


def _waiting(queue: Queue) -> int:
    """Return how many messages could be received: in a FIFO queue a group waits for its message in flight."""
    in_flight = [message for message in list(queue.pending_messages) if not message.visible]
    groups = {message.group_id for message in in_flight} if queue.fifo_queue else set()
    return sum(message.group_id not in groups for message in queue.messages)


def _queue(account: str, region: str, arn: str) -> Queue:
    queues: dict[str, Queue] = sqs_backends[account][region].queues
    for queue in queues.values():
        if queue.queue_arn == arn:
            return queue
    raise InvalidParameterValueException(f"Error occurred while ReceiveMessage. SQS Error: {arn} does not exist")


def _with_body(event: dict[str, Any]) -> dict[str, Any]:
    """Return a message as filters see it: its body as an object, if it is JSON.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
    """
    try:
        return {**event, "body": json.loads(event["body"])}
    except ValueError:
        return event
