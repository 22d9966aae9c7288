"""The JVMs of Spark that wait for the next runs of jobs."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local_cloud.engines.glue.spark import ClassArchive
from local_cloud.engines.glue.spark_jvm import SparkJvm
from local_cloud.server.runtime import Runtime

# Each takes up to 1 GB while it waits; pipelines have that many jobs at once and more.
_MOST_IDLE: Final = 3


class SparkJvms:
    """The JVMs of one cloud.

    Parameters
    ----------
    runtime: Runtime
        The cloud, with which they end.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._idle: list[SparkJvm] = []
        self._number = 0
        self._closed = False
        runtime.cleanup.callback(self.close)

    def take(self, settings: Mapping[str, str], *, jars: Sequence[Path], environment: Mapping[str, str]) -> SparkJvm:
        """Return a JVM with these settings that no other run has, or start one.

        Parameters
        ----------
        settings: Mapping[str, str]
            Spark's settings, as `start_settings` returns them.
        jars: Sequence[Path]
            Jars beside Spark's own.
        environment: Mapping[str, str]
            All environment variables of a new JVM.
        """
        with self._lock:
            found = next((one for one in self._idle if one.settings == settings), None)
            if found:
                self._idle.remove(found)
                return found
            self._number += 1
            folder = self._runtime.workdir / "spark" / f"{os.getpid()}-{self._number}"
        archive = ClassArchive(self._runtime.cache, jars)
        return SparkJvm(folder, settings=settings, archive=archive, environment=environment)

    def give_back(self, jvm: SparkJvm) -> None:
        """Keep a JVM whose run has ended for the next; the one that has waited longest may have to go."""
        if not jvm.lasts:
            self._runtime.background(jvm.end, "end of a JVM", lasting=True)
            return
        with self._lock:
            self._idle.append(jvm)
            # A run may end after its cloud did.
            surplus = max(0, len(self._idle) - (0 if self._closed else _MOST_IDLE))
            leaving, self._idle = self._idle[:surplus], self._idle[surplus:]
        for one in leaving:
            one.kill()

    def close(self) -> None:
        """End those that wait."""
        with self._lock:
            self._closed = True
            leaving, self._idle = self._idle, []
        for one in leaving:
            one.kill()
