"""Glue jobs: StartJobRun runs the deployed script, on real Spark if its type is Spark."""

from __future__ import annotations

import threading
from typing import Any

from moto.core.responses import ActionResult
from moto.glue.models import FakeJob, FakeJobRun
from moto.s3.models import S3Backend

from local_cloud.engines.engine import Engine
from local_cloud.engines.glue.execution import JobExecution
from local_cloud.engines.glue.spark_jvms import SparkJvms
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_start_job_run = FakeJob.start_job_run
_describe_job_run = FakeJobRun.as_dict
_list_objects = S3Backend.list_objects_v2


class GlueJobEngine(Engine):
    """Runs Glue jobs of the types Spark (glueetl) and Python shell (pythonshell)."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._executions: dict[str, JobExecution] = {}
        self._jvms = SparkJvms(runtime)
        # moto counts the running runs before it adds one; without a lock two callers could both pass.
        self._lock = threading.Lock()

    def state(self) -> dict[str, JobExecution]:
        return self._executions

    def restore(self, state: dict[str, JobExecution] | None) -> None:
        self._executions.update(state or {})

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.glue.models", "FakeJob.start_job_run")
        def start_job_run(
            self: Any,
            *,
            allocated_capacity: Any,
            max_capacity: Any,
            timeout: Any,
            worker_type: Any,
            security_configuration: Any,
            number_of_workers: Any,
            notification_property: Any,
            previous_run_id: Any,
            arguments: Any,
        ) -> str:
            with engine._lock:
                run_id: str = _start_job_run(
                    self,
                    allocated_capacity=allocated_capacity,
                    max_capacity=max_capacity,
                    timeout=timeout,
                    worker_type=worker_type,
                    security_configuration=security_configuration,
                    number_of_workers=number_of_workers,
                    notification_property=notification_property,
                    previous_run_id=previous_run_id,
                    arguments=arguments,
                )
                engine._begin(self, self.job_runs[-1], attempt=0)
            return run_id

        @patches.replace("moto.glue.models", "FakeJobRun.as_dict")
        def describe_job_run(self: Any) -> dict[str, Any]:
            described: dict[str, Any] = _describe_job_run(self)
            execution = engine._executions.get(self.job_run_id)
            return {**described, **execution.description()} if execution else described

        @patches.add("moto.glue.responses", "GlueResponse.batch_stop_job_run")
        def batch_stop_job_run(self: Any) -> ActionResult:
            return ActionResult(engine._stop(self.parameters["JobName"], self.parameters["JobRunIds"]))

        @patches.replace("moto.s3.models", "S3Backend.list_objects_v2")
        def list_objects_v2(  # noqa: PLR0917 - moto's signature
            self: Any,
            bucket: Any,
            prefix: Any,
            delimiter: Any,
            continuation_token: Any,
            start_after: Any,
            max_keys: Any,
        ) -> Any:
            found = _list_objects(self, bucket, prefix, delimiter, continuation_token, start_after, max_keys)
            # A script gives Spark what it has listed, which may have come after its run began.
            folder, _, _ = (prefix or "").rpartition("/")
            for mirror in set(engine.runtime.mirrors.values()):
                mirror.refresh(f"s3://{bucket.name}/{folder}")
            return found

        return patches

    def _begin(self, job: FakeJob, run: FakeJobRun, *, attempt: int) -> None:
        # moto would move the run through its states by itself.
        run._transitions = []
        execution = JobExecution(self.runtime, self._jvms, job, run, attempt)
        self._executions[run.job_run_id] = execution
        self.runtime.background(lambda: self._follow(execution), name=f"run {run.job_run_id} of job {job.name}")

    def _follow(self, execution: JobExecution) -> None:
        execution.perform()
        if execution.run.status == "FAILED" and execution.attempt < (execution.job.max_retries or 0):
            self._retry(execution)

    def _retry(self, failed: JobExecution) -> None:
        attempt = failed.attempt + 1
        first_id = failed.run.job_run_id.split("_attempt_")[0]
        run = FakeJobRun(
            job_name=failed.job.name,
            job_run_id=failed.run.job_run_id,
            arguments=failed.run.arguments,
            timeout=failed.run.timeout,
            worker_type=failed.run.worker_type,
            number_of_workers=failed.run.number_of_workers,
            allocated_capacity=failed.run.allocated_capacity,
            max_capacity=failed.run.max_capacity,
        )
        run.job_run_id = f"{first_id}_attempt_{attempt}"
        with self._lock:
            failed.job.job_runs.append(run)
            self._begin(failed.job, run, attempt=attempt)

    def _stop(self, job_name: str, run_ids: list[str]) -> dict[str, Any]:
        answer: dict[str, Any] = {"SuccessfulSubmissions": [], "Errors": []}
        for run_id in run_ids:
            entry: dict[str, Any] = {"JobName": job_name, "JobRunId": run_id}
            execution = self._executions.get(run_id)
            if execution is None or execution.job.name != job_name:
                detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": f"Job run {run_id} not found."}
                answer["Errors"].append({**entry, "ErrorDetail": detail})
            else:
                execution.stop()
                answer["SuccessfulSubmissions"].append(entry)
        return answer
