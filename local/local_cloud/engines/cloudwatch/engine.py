"""CloudWatch: moto's own metrics, and alarms, which nothing evaluates here, in the state of a new alarm in AWS."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches

_get_metric_data = CloudWatchBackend.get_metric_data
_put_metric_alarm = CloudWatchResponse.put_metric_alarm


class CloudWatchEngine(Engine):
    """Keeps alarms at INSUFFICIENT_DATA, where moto says OK of what it has never looked at.

    Metric math and queries are refused: moto answers the first with no values and the second with the sum of all
    metrics, both as complete. The band of an anomaly alarm comes from a model of AWS that is not public.
    """

    def patches(self) -> Patches:
        patches = Patches()

        @patches.replace("moto.cloudwatch.responses", "CloudWatchResponse.put_metric_alarm")
        def put_metric_alarm(self: Any) -> ActionResult:
            answer: ActionResult = _put_metric_alarm(self)
            self.cloudwatch_backend.alarms[self._get_param("AlarmName")].state_value = "INSUFFICIENT_DATA"
            return answer

        @patches.replace("moto.cloudwatch.models", "CloudWatchBackend.get_metric_data")
        def get_metric_data(
            self: Any,
            queries: list[dict[str, Any]],
            start_time: datetime,
            end_time: datetime,
            scan_by: str = "TimestampAscending",
        ) -> list[dict[str, Any]]:
            ids = {query["Id"] for query in queries}
            for query in queries:
                if (expression := query.get("Expression")) and expression not in ids:
                    raise ValidationError(f"the local cloud does not evaluate {expression}; ask for the metrics alone")
            found: list[dict[str, Any]] = _get_metric_data(self, queries, start_time, end_time, scan_by)
            return found

        return patches
