"""Flinks of one cloud, which take the job of one application after the other."""

from __future__ import annotations

import threading
import uuid
from typing import Final

from local_cloud.engines.flink.cluster import FlinkCluster
from local_cloud.server.runtime import Runtime

# Each job leaves some megabytes of generated classes.
_MOST_JOBS: Final = 30


class Clusters:
    """The Flinks of one cloud; one that waits for a job is kept, and takes about 500 MB.

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._idle: FlinkCluster | None = None
        runtime.cleanup.callback(self.close)

    def take(self) -> FlinkCluster:
        """Return a Flink without a job."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle and idle.is_alive:
            return idle
        if idle:
            idle.kill()
        return FlinkCluster(self._runtime.workdir / "flink" / f"cluster-{uuid.uuid4().hex[:8]}")

    def give_back(self, cluster: FlinkCluster) -> None:
        """Take back one whose job has ended, for other jobs."""
        with self._lock:
            lasts = self._idle is None and cluster.is_alive and cluster.jobs < _MOST_JOBS
            if lasts and not self._runtime.stopping.is_set():
                self._idle = cluster
                return
        cluster.kill()

    def close(self) -> None:
        """End the one that waits."""
        with self._lock:
            idle, self._idle = self._idle, None
        if idle:
            idle.kill()
