"""DataSync: moto's tasks between buckets, with executions that copy."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.datasync.exceptions import InvalidRequestException
from moto.datasync.models import DataSyncBackend, Location
from moto.datasync.responses import DataSyncResponse
from moto.utilities.utils import get_partition

from local_cloud.engines.datasync.transfer import Outcome, Place, copy
from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_create_location = DataSyncBackend.create_location
_create_task = DataSyncResponse.create_task
_update_task = DataSyncResponse.update_task


@dataclass(kw_only=True)
class _Execution:
    arn: str
    task: str
    started: datetime
    status: str = "QUEUED"
    ended: datetime | None = None
    outcome: Outcome = field(default_factory=Outcome)
    error: str | None = None


class DataSyncEngine(Engine):
    """Copies the objects of tasks whose locations are buckets, and refuses others."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._executions: dict[str, _Execution] = {}
        self._tasks: dict[str, dict[str, Any]] = {}
        # One after the other, as executions of one task are.
        self._running = threading.Lock()

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.datasync.models", "DataSyncBackend.create_location")
        def create_location(self: Any, location_uri: str, typ: str, metadata: dict[str, Any]) -> str:
            if typ != "S3":
                raise InvalidRequestException(f"the local cloud copies between buckets, and not from {typ}")
            return str(_create_location(self, location_uri, typ, metadata))

        @patches.replace("moto.datasync.models", "Location.__init__")
        def make_location(
            self: Any, location_uri: str, *, region_name: str, typ: str, metadata: dict[str, Any], arn_counter: int = 0
        ) -> None:
            self.uri, self.region_name, self.metadata, self.typ = location_uri, region_name, metadata, typ
            self.arn = engine._arn(region_name, f"location/loc-{arn_counter:017x}")

        @patches.replace("moto.datasync.responses", "DataSyncResponse.create_task")
        def create_task(self: Any) -> str:
            options = json.loads(self.body).get("Options") or {}
            if options.get("PreserveDeletedFiles") == "REMOVE":
                raise InvalidRequestException("the local cloud deletes no files: set PreserveDeletedFiles to PRESERVE")
            answer: str = _create_task(self)
            arn = json.loads(answer)["TaskArn"]
            task = self.datasync_backend.tasks.pop(arn)
            task.arn = engine._arn(self.region, f"task/task-{uuid.uuid4().hex[:17]}")
            self.datasync_backend.tasks[task.arn] = task
            engine._tasks[task.arn] = json.loads(self.body)
            return json.dumps({"TaskArn": task.arn})

        @patches.replace("moto.datasync.responses", "DataSyncResponse.update_task")
        def update_task(self: Any) -> str:
            answer: str = _update_task(self)
            asked = json.loads(self.body)
            engine._tasks[asked.pop("TaskArn")].update(asked)
            return answer

        @patches.replace("moto.datasync.responses", "DataSyncResponse.start_task_execution")
        def start_task_execution(self: Any) -> str:
            arn = self._get_param("TaskArn")
            backend = self.datasync_backend
            task = backend._get_task(arn)
            execution = _Execution(arn=f"{arn}/execution/exec-{uuid.uuid4().hex[:17]}", task=arn, started=_now())
            engine._executions[execution.arn] = execution
            ends = (task.source_location_arn, task.destination_location_arn)
            source, target = (backend.locations[one] for one in ends)
            asked = {**engine._tasks[arn], **json.loads(self.body)}
            region = self.region
            engine.runtime.background(
                lambda: engine._run(execution, source, target, asked, region), name=f"transfer {execution.arn}"
            )
            return json.dumps({"TaskExecutionArn": execution.arn})

        @patches.replace("moto.datasync.responses", "DataSyncResponse.describe_task_execution")
        def describe_task_execution(self: Any) -> str:
            execution = engine._executions.get(self._get_param("TaskExecutionArn"))
            if execution is None:
                raise InvalidRequestException("Request parameters contain an invalid execution.")
            return json.dumps(engine._described(execution))

        return patches

    def state(self) -> tuple[Any, Any]:
        return self._executions, self._tasks

    def restore(self, state: tuple[Any, Any] | None) -> None:
        if state:
            self._executions, self._tasks = state

    def _arn(self, region: str, resource: str) -> str:
        return f"arn:{get_partition(region)}:datasync:{region}:{self.runtime.account}:{resource}"

    def _run(
        self, execution: _Execution, source: Location, target: Location, task: dict[str, Any], region: str
    ) -> None:
        with self._running:
            self._transfer(execution, source, target, task, region)

    def _transfer(
        self, execution: _Execution, source: Location, target: Location, task: dict[str, Any], region: str
    ) -> None:
        execution.status = "TRANSFERRING"
        try:
            here, there = (self._place(one, region) for one in (source, target))
            copy(here, there, task=task, outcome=execution.outcome)
            execution.status = "VERIFYING"
            self._report(execution, task, region)
            failed = execution.outcome.failed
            execution.error = f"{len(failed)} objects were not copied, such as {next(iter(failed))}" if failed else None
        except Exception as error:  # whatever a bucket answers is why the transfer has failed
            execution.error = str(error)
        execution.ended = _now()
        execution.status = "ERROR" if execution.error else "SUCCESS"

    def _place(self, location: Location, region: str) -> Place:
        bucket, _, folder = location.uri.removeprefix("s3://").partition("/")
        prefix = folder.strip("/")
        role = location.metadata["S3Config"]["BucketAccessRoleArn"]
        client = self.runtime.client("s3", region, role=role)
        return Place(client=client, bucket=bucket, prefix=f"{prefix}/" if prefix else "")

    def _report(self, execution: _Execution, task: dict[str, Any], region: str) -> None:
        """Write the report, if one is asked for: all that was not copied, and why."""
        report = task.get("TaskReportConfig")
        if not report:
            return
        place = report["Destination"]["S3"]
        folder = place.get("Subdirectory", "").strip("/")
        name = execution.arn.rpartition("/")[2]
        content = {
            "TaskExecutionId": name,
            "Failed": [{"RelativePath": path, "Error": why} for path, why in execution.outcome.failed.items()],
            "Summary": {**_counted(execution.outcome)},
        }
        key = f"{folder}/Detailed-Reports/{execution.task.rpartition('/')[2]}/{name}/{name}.json".lstrip("/")
        client = self.runtime.client("s3", region, role=place["BucketAccessRoleArn"])
        bucket = place["S3BucketArn"].rpartition(":")[2]
        client.put_object(Bucket=bucket, Key=key, Body=json.dumps(content).encode())

    def _described(self, execution: _Execution) -> dict[str, Any]:
        task = self._tasks[execution.task]
        described: dict[str, Any] = {
            "TaskExecutionArn": execution.arn,
            "Status": execution.status,
            "Options": task.get("Options") or {},
            "TaskMode": task.get("TaskMode", "BASIC"),
            "StartTime": execution.started.timestamp(),
            **_counted(execution.outcome),
        }
        if execution.error:
            described["Result"] = {"ErrorCode": "TransferFailed", "ErrorDetail": execution.error}
        if execution.ended:
            described["EndTime"] = execution.ended.timestamp()
        return described


def _counted(outcome: Outcome) -> dict[str, int]:
    return {
        "EstimatedFilesToTransfer": outcome.listed,
        "FilesTransferred": outcome.transferred,
        "FilesVerified": outcome.verified,
        "BytesTransferred": outcome.size,
        "BytesWritten": outcome.size,
    }


def _now() -> datetime:
    return datetime.now(UTC)
