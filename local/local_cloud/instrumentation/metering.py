"""Counts the bytes that S3 hands out, so that an engine can report what it really read."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator


class ByteMeter:
    """Bytes of object content sent so far, per access key id.

    A reader that signs its requests with an access key id of its own is metered on its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, access_key_id: str, count: int) -> None:
        with self._lock:
            self._counts[access_key_id] += count

    def read(self, access_key_id: str) -> int:
        with self._lock:
            return self._counts[access_key_id]

    def metered(self, access_key_id: str, body: Iterable[bytes]) -> Iterator[bytes]:
        """Pass `body` on, counting it."""
        try:
            for chunk in body:
                self.add(access_key_id, len(chunk))
                yield chunk
        finally:
            close = getattr(body, "close", None)
            if close:
                close()
