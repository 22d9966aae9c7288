"""CloudWatch alarms, which nothing evaluates here: moto's own, in the state that a new alarm has in AWS."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches

_put_metric_alarm = CloudWatchResponse.put_metric_alarm


class CloudWatchEngine(Engine):
    """Keeps alarms at INSUFFICIENT_DATA, where moto says OK of what it has never looked at."""

    def patches(self) -> Patches:
        patches = Patches()

        @patches.replace("moto.cloudwatch.responses", "CloudWatchResponse.put_metric_alarm")
        def put_metric_alarm(self: Any) -> ActionResult:
            answer: ActionResult = _put_metric_alarm(self)
            self.cloudwatch_backend.alarms[self._get_param("AlarmName")].state_value = "INSUFFICIENT_DATA"
            return answer

        return patches
