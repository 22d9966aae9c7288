"""Endpoints that are slow hold up no other stream."""

from __future__ import annotations

import threading

from tests.local_cloud.firehose.endpoints.conftest import Outside
from tests.local_cloud.firehose.endpoints.receiver import HOST, Receiver, Reply, Request, accepted

_SECONDS = 30


def test_a_stream_is_delivered_while_the_endpoint_of_another_one_is_silent(
    outside: Outside, receiver: Receiver
) -> None:
    slow_began, fast_arrived, slow_ended = threading.Event(), threading.Event(), threading.Event()

    def answer(request: Request) -> Reply:
        if request.path == "/slow":
            slow_began.set()
            # Only the other stream lets it go on.
            if fast_arrived.wait(_SECONDS):
                slow_ended.set()
        else:
            fast_arrived.set()
        return accepted(request)

    receiver.answer = answer
    at_once = {"SizeInMBs": 1, "IntervalInSeconds": 0}
    slow = outside.to_endpoint(f"https://{HOST}/slow", BufferingHints=at_once)
    fast = outside.to_endpoint(f"https://{HOST}/fast", BufferingHints=at_once)
    outside.engine.start()
    outside.put(slow, b"one")
    assert slow_began.wait(_SECONDS)
    outside.put(fast, b"two")
    assert slow_ended.wait(_SECONDS)
