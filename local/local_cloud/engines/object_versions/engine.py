"""S3: versions in the order in which they were stored, and ETags of whole contents."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from moto.s3 import models
from moto.s3.models import FakeKey

from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_etag: Any = FakeKey.etag
_utcnow = models.utcnow
_LEAST = timedelta(microseconds=1)


class ObjectVersionsEngine(Engine):
    """Keeps what moto stores as it is listed."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._lock = threading.Lock()
        self._last = datetime.min

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.s3.models", "utcnow")
        def utcnow() -> datetime:
            # moto lists the version with the latest time as the current one: times must neither be equal nor go back.
            with engine._lock:
                engine._last = max(_utcnow(), engine._last + _LEAST)
                return engine._last

        @patches.replace("moto.s3.models", "FakeKey.etag")
        def etag(self: FakeKey) -> str:
            # It reads the buffer that `value` reads under this lock, and both begin with a seek.
            with self.lock:
                return str(_etag.fget(self))

        return patches
