"""Metrics of an application, which its alarms watch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from local_cloud.engines.flink.applications import Application
from local_cloud.engines.flink.job import Job
from local_cloud.engines.flink.sources import Source
from local_cloud.server.runtime import Runtime

_NAMESPACE: Final = "AWS/KinesisAnalytics"
_SECONDS: Final = 5.0


class Metrics:
    """Metrics of one application, as the service publishes them.

    https://docs.aws.amazon.com/managed-flink/latest/java/metrics-dimensions.html

    Parameters
    ----------
    runtime: Runtime
        The cloud.
    application: Application
        The application.
    """

    def __init__(self, runtime: Runtime, application: Application) -> None:
        self._runtime, self._application = runtime, application
        self._published = 0.0
        self._began = time.monotonic()
        # Of the jobs before this one: failed checkpoints are counted by each from zero.
        self._failed, self._failed_here = 0, 0
        self._restarting: float | None = None
        self.sources: Sequence[Source] = ()
        """Sources of the job that runs, or has just failed."""

    def publish(self, job: Job | None, *, restarting: bool = False) -> None:
        """Publish, unless it was done a moment ago."""
        now = time.monotonic()
        if restarting and self._restarting is None:
            self._restarting, self._began = now, now
            self._failed, self._failed_here = self._failed + self._failed_here, 0
            self._published = 0.0
        elif not restarting and self._restarting is not None:
            self._restarting, self._began = None, now
        if now - self._published < _SECONDS:
            return
        self._published = now
        data = [
            ("numRestarts", self._application.restarts, "Count"),
            ("restartingTime", (now - self._restarting) * 1000 if self._restarting else 0, "Milliseconds"),
            ("uptime", 0 if self._restarting else (now - self._began) * 1000, "Milliseconds"),
            ("downtime", 0, "Milliseconds"),
        ]
        if job:
            found = job.statistics()
            self._failed_here = found["counts"]["failed"]
            if last := found["latest"]["completed"]:
                data += [
                    ("lastCheckpointDuration", last["end_to_end_duration"], "Milliseconds"),
                    ("lastCheckpointSize", last["state_size"], "Bytes"),
                ]
        data.append(("numberOfFailedCheckpoints", self._failed + self._failed_here, "Count"))
        metrics = [self._metric(*one) for one in data]
        # That of a connector has the dimensions of its stream.
        metrics += [
            self._metric(
                "millisBehindLatest", source.milliseconds_behind, "Milliseconds", Id=source.stream, Flow="Input"
            )
            for source in self.sources
        ]
        self._put(metrics)

    def _metric(self, name: str, value: float, unit: str, **further: str) -> dict[str, Any]:
        dimensions = {"Application": self._application.name, **further}
        named = [{"Name": key, "Value": each} for key, each in dimensions.items()]
        return {"MetricName": name, "Dimensions": named, "Value": value, "Unit": unit}

    def _put(self, metrics: list[dict[str, Any]]) -> None:
        client = self._runtime.client("cloudwatch", self._application.region)
        try:
            client.put_metric_data(Namespace=_NAMESPACE, MetricData=metrics)
        except ClientError:
            # The next ones come in a moment.
            return
