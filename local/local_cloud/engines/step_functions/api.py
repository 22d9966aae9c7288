"""The API of executions where moto's answers are not those of Step Functions: task tokens, Map Runs, histories."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import InvalidToken, ResourceNotFound, ValidationException
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.server.patching import Patches

_MODELS = "moto.stepfunctions.parser.models"
_RESPONSES = "moto.stepfunctions.responses"

_stock_describe_execution = StepFunctionResponse.describe_execution
_stock_list_executions = StepFunctionResponse.list_executions


def bring_tokens_back(patches: Patches) -> None:
    def send(backend: Any, token: str, message: dict[str, Any] | None) -> None:
        executions = backend._get_executions(ExecutionStatus.RUNNING)
        if not any(execution.exec_worker.machine.tokens.send(token, message) for execution in executions):
            raise InvalidToken(f"'{token}'")

    @patches.replace(_RESPONSES, "StepFunctionResponse.send_task_heartbeat")
    def send_task_heartbeat(self: Any) -> Any:
        send(self.stepfunction_backend, self._get_param("taskToken"), None)
        return EmptyResult()

    @patches.replace(_RESPONSES, "StepFunctionResponse.send_task_success")
    def send_task_success(self: Any) -> Any:
        output = self._get_param("output")
        try:
            json.loads(output)
        except ValueError as error:
            raise ValidationException(f"Invalid Output: '{error}'") from None
        send(self.stepfunction_backend, self._get_param("taskToken"), {"output": output})
        return EmptyResult()

    @patches.replace(_RESPONSES, "StepFunctionResponse.send_task_failure")
    def send_task_failure(self: Any) -> Any:
        message = {"error": self._get_param("error"), "cause": self._get_param("cause")}
        send(self.stepfunction_backend, self._get_param("taskToken"), message)
        return EmptyResult()


def _map_runs(backend: Any) -> list[Any]:
    return [run for execution in backend._get_executions() for run in execution.exec_worker.machine.map_runs]


def _map_run(backend: Any, arn: str) -> Any:
    for run in _map_runs(backend):
        if run.arn == arn:
            return run
    raise ResourceNotFound(arn)


def describe_map_runs(patches: Patches) -> None:
    @patches.replace(_MODELS, "StepFunctionsParserBackend.describe_map_run")
    def describe_map_run(self: Any, map_run_arn: str) -> dict[str, Any]:
        described: dict[str, Any] = _map_run(self, map_run_arn).described()
        return described

    @patches.replace(_MODELS, "StepFunctionsParserBackend.list_map_runs")
    def list_map_runs(self: Any, execution_arn: str) -> dict[str, Any]:
        execution = self.describe_execution(execution_arn=execution_arn)
        return {"mapRuns": [run.listed() for run in execution.exec_worker.machine.map_runs]}

    @patches.replace(_MODELS, "StepFunctionsParserBackend.update_map_run")
    def update_map_run(
        self: Any,
        map_run_arn: str,
        max_concurrency: int,
        tolerated_failure_count: str,
        tolerated_failure_percentage: str,
    ) -> None:
        raise ValidationException("UpdateMapRun is not supported by the local cloud")


def describe_executions(patches: Patches) -> None:
    @patches.replace(_RESPONSES, "StepFunctionResponse.describe_execution")
    def describe_execution(self: Any) -> Any:
        answer = _stock_describe_execution(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        if execution.stop_date and execution.status == ExecutionStatus.TIMED_OUT:
            answer.result["stopDate"] = execution.stop_date
        return answer

    @patches.replace(_RESPONSES, "StepFunctionResponse.stop_execution")
    def stop_execution(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        stopped = datetime.now(UTC)
        execution.stop(stopped, self._get_param("error"), self._get_param("cause"))
        return ActionResult({"stopDate": stopped})

    @patches.replace(_RESPONSES, "StepFunctionResponse.get_execution_history")
    def get_execution_history(self: Any) -> Any:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        events = execution.exec_worker.history.events
        if self._get_bool_param("reverseOrder"):
            events.reverse()
        start, most = int(self._get_param("nextToken") or 0), self._get_int_param("maxResults") or len(events)
        answer: dict[str, Any] = {"events": events[start : start + most]}
        if start + most < len(events):
            answer["nextToken"] = str(start + most)
        # moto's serialisation takes a minute for 25,000 events.
        return json.dumps(answer, default=datetime.timestamp)

    @patches.replace(_RESPONSES, "StepFunctionResponse.list_executions")
    def list_executions(self: Any) -> Any:
        arn = self._get_param("mapRunArn")
        if not arn:
            return _stock_list_executions(self)
        wanted = self._get_param("statusFilter")
        children = _map_run(self.stepfunction_backend, arn).children
        return ActionResult({"executions": [child.listed(arn) for child in children if wanted in {None, child.status}]})
