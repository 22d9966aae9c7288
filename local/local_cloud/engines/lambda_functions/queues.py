"""Queues that functions are mapped to, polled in batches as Lambda does.

A message of a batch that fails is in the queue again once its visibility timeout has passed, and in the dead-letter
queue after as many receipts as that allows:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import lambda_backends
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import Message, Queue, sqs_backends

from local_cloud.engines.lambda_functions.queue_events import failures, parts, record
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

PARTIAL_FAILURES = "ReportBatchItemFailures"
_PAUSE_SECONDS = 0.05
_LARGEST_WITHOUT_WINDOW = 10

# The function by ARN, the event, the region; raises LocalCloudError if the function fails.
Invoke = Callable[[str, Any, str], Any]


@dataclass
class _Poller:
    mapping: Any
    queue: Queue
    busy: bool = False
    # When the first message of the next batch was seen.
    since: float | None = None


_delete_message = Queue.delete_message


def patch_queues(patches: Patches) -> None:
    """Register the replacements."""

    @patches.replace("moto.sqs.models", "Queue.delete_message")
    def delete_message(self: Any, receipt_handle: str) -> None:
        # moto copies the messages meanwhile, and forgets one that is sent at that moment.
        with self._messages_lock:
            _delete_message(self, receipt_handle)


class QueuePollers:
    """One thread for each mapping of a queue, until it is deleted."""

    def __init__(self, runtime: Runtime, invoke: Invoke) -> None:
        self._runtime = runtime
        self._invoke = invoke
        self._pollers: list[_Poller] = []
        self._draining = threading.Event()

    def start(self) -> None:
        """Poll the queues of the mappings that were kept."""
        for backend in list(lambda_backends[self._runtime.account].values()):
            for mapping in list(backend._event_source_mappings.values()):
                if ":sqs:" in mapping.event_source_arn:
                    self.follow(mapping)

    def follow(self, mapping: Any) -> None:
        """Poll the queue of a mapping from now on."""
        queue = _queue(self._runtime.account, mapping.region, mapping.event_source_arn)
        # moto would hand on each message by itself when it is sent, also after the mapping was deleted.
        queue.lambda_event_source_mappings.clear()
        poller = _Poller(mapping=mapping, queue=queue)
        self._pollers.append(poller)
        self._runtime.background(lambda: self._poll(poller), name=f"poll {queue.name}", lasting=True)

    def drain(self) -> None:
        """Let batches be handed on as they are, and wait until no message is there that could be."""
        self._draining.set()
        try:
            while any(one.busy or self._waits(one) for one in self._pollers) and not self._runtime.stopping.is_set():
                time.sleep(_PAUSE_SECONDS)
        finally:
            self._draining.clear()

    def _waits(self, poller: _Poller) -> bool:
        return bool(poller.mapping.enabled and self._is_there(poller) and _waiting(poller.queue))

    def _is_there(self, poller: _Poller) -> bool:
        mapping = poller.mapping
        mappings = lambda_backends[mapping.account_id][mapping.region]._event_source_mappings
        queues = sqs_backends[mapping.account_id][mapping.region].queues
        return mappings.get(mapping.uuid) is mapping and queues.get(poller.queue.name) is poller.queue

    def _poll(self, poller: _Poller) -> None:
        while not self._runtime.pausing.wait(_PAUSE_SECONDS) and self._is_there(poller):
            poller.busy = True
            if poller.mapping.enabled and self._is_due(poller):
                for batch in parts(self._receive(poller)):
                    self._hand_on(poller, batch)
            poller.busy = False
        self._pollers.remove(poller)

    def _is_due(self, poller: _Poller) -> bool:
        """Tell whether a batch is full, or its window has passed since its first message was there."""
        waiting, now = _waiting(poller.queue), time.monotonic()
        poller.since = (poller.since or now) if waiting else None
        if poller.since is None:
            return False
        full = waiting >= poller.mapping.batch_size
        return full or self._draining.is_set() or now - poller.since >= (poller.mapping.max_batch_window or 0)

    def _receive(self, poller: _Poller) -> list[Message]:
        mapping, queue = poller.mapping, poller.queue
        poller.since = None
        backend = sqs_backends[mapping.account_id][mapping.region]
        try:
            with queue._messages_lock:
                found: list[Message] = backend.receive_message(
                    queue.name, mapping.batch_size, 0, int(queue.visibility_timeout), ["All"]
                )
        except QueueDoesNotExist:
            return []
        return found

    def _hand_on(self, poller: _Poller, batch: Sequence[Message]) -> None:
        mapping, queue = poller.mapping, poller.queue
        event = {"Records": [record(message, queue, mapping.region) for message in batch]}
        try:
            answer = self._invoke(mapping.function_arn, event, mapping.region)
        except (LocalCloudError, LambdaClientError):
            # It failed, as its log says, or is gone; the messages come back.
            return
        failed = failures(answer, batch) if PARTIAL_FAILURES in (mapping.function_response_types or ()) else set()
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
