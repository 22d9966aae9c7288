"""Step Functions: moto keeps state machines and executions, an interpreter of the States Language runs them.

Replaced are moto's own check of a definition and its own interpreter, whose answers differ from those of Step
Functions in many places, and what its API says of executions.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import (
    InvalidExecutionInput,
    InvalidName,
    InvalidToken,
    ResourceNotFound,
    ValidationException,
)
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.engines.engine import Engine
from local_cloud.engines.step_functions.definition import problems_of
from local_cloud.engines.step_functions.execution import Run
from local_cloud.engines.step_functions.limits import MOST_BYTES
from local_cloud.server.patching import Patches

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.05

_MODELS = "moto.stepfunctions.parser.models"
_EXECUTION = "moto.stepfunctions.parser.backend.execution"
_RESPONSES = "moto.stepfunctions.responses"

_stock_start_execution = StepFunctionsParserBackend.start_execution
_stock_describe_execution = StepFunctionResponse.describe_execution
_stock_update_state_machine = StepFunctionResponse.update_state_machine
_stock_list_executions = StepFunctionResponse.list_executions


class InvalidDefinitionError(AWSError):  # type: ignore[misc]
    TYPE = "InvalidDefinition"
    STATUS = 400


class StateMachineAlreadyExistsError(AWSError):  # type: ignore[misc]
    TYPE = "StateMachineAlreadyExists"
    STATUS = 400


class StepFunctionsEngine(Engine):
    """Runs state machines."""

    def patches(self) -> Patches:
        patches = Patches()
        _check_definitions(patches)
        _start_executions(patches)
        self._run(patches)
        _bring_tokens_back(patches)
        _describe_map_runs(patches)
        _describe_executions(patches)
        return patches

    def _run(self, patches: Patches) -> None:
        runtime = self.runtime

        @patches.replace(_EXECUTION, "Execution.start")
        def start(self: Any) -> None:
            self.exec_worker = Run(runtime, self)
            self.exec_status = ExecutionStatus.RUNNING
            self.exec_worker.start()

        @patches.replace(_EXECUTION, "Execution.stop")
        def stop(self: Any, stop_date: Any, error: str | None, cause: str | None) -> None:
            self.exec_worker.stop(error, cause)

    def stop(self) -> None:
        """Stop every execution, so that none calls, or logs that it cannot call, a cloud that is gone."""
        running = [
            execution
            for backend in stepfunctions_parser_backends[self.runtime.account].values()
            for execution in backend._get_executions(ExecutionStatus.RUNNING)
        ]
        for execution in running:
            execution.stop(datetime.now(UTC), "LocalCloud.Stopped", "the local cloud was stopped")
        deadline = time.monotonic() + _STOP_SECONDS
        while any(execution.exec_status == ExecutionStatus.RUNNING for execution in running):
            if time.monotonic() > deadline:
                return
            time.sleep(_POLL_SECONDS)


def _check_definitions(patches: Patches) -> None:
    def check(definition: str, kind: str) -> None:
        problems = problems_of(definition, express=kind == "EXPRESS")
        if problems:
            listed = ", ".join(f"'{problem}'" for problem in problems)
            raise InvalidDefinitionError(f"Invalid State Machine Definition: {listed}")

    @patches.replace(_MODELS, "StepFunctionsParserBackend.create_state_machine")
    def create_state_machine(  # noqa: PLR0917 - moto's parameters
        self: Any,
        name: str,
        definition: str,
        roleArn: str,
        tags: Any = None,
        publish: Any = None,
        loggingConfiguration: Any = None,
        tracingConfiguration: Any = None,
        encryptionConfiguration: Any = None,
        version_description: Any = None,
        sm_type: str | None = None,
    ) -> Any:
        check(definition, sm_type or "STANDARD")
        for existing in self.state_machines:
            if existing.name == name and (existing.definition, existing.type) != (definition, sm_type or "STANDARD"):
                raise StateMachineAlreadyExistsError(f"State Machine Already Exists: '{existing.arn}'")
        return StepFunctionBackend.create_state_machine(
            self,
            name=name,
            definition=definition,
            roleArn=roleArn,
            tags=tags,
            publish=publish,
            loggingConfiguration=loggingConfiguration,
            tracingConfiguration=tracingConfiguration,
            encryptionConfiguration=encryptionConfiguration,
            version_description=version_description,
            sm_type=sm_type,
        )

    @patches.replace(_RESPONSES, "StepFunctionResponse.update_state_machine")
    def update_state_machine(self: Any) -> Any:
        machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        definition = self._get_param("definition")
        if definition is not None:
            check(definition, machine.type)
        return _stock_update_state_machine(self)

    def checked(definition: str) -> None:
        return None

    patches.replace(_MODELS, "StepFunctionsParserBackend._validate_definition")(staticmethod(checked))


def _start_executions(patches: Patches) -> None:
    @patches.replace(_MODELS, "StepFunctionsParserBackend.start_execution")
    def start_execution(
        self: Any,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Any:
        if len((execution_input or "").encode()) > MOST_BYTES:
            raise ValidationException(
                "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length "
                f"less than or equal to {MOST_BYTES}"
            )
        try:
            json.loads(execution_input or "{}")
        except ValueError as error:
            raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from None
        if name is not None and not _NAME.fullmatch(name):
            raise InvalidName(f"Invalid Name: '{name}'")
        return _stock_start_execution(self, state_machine_arn, name or str(uuid.uuid4()), execution_input, trace_header)


def _bring_tokens_back(patches: Patches) -> None:
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


def _describe_map_runs(patches: Patches) -> None:
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


def _describe_executions(patches: Patches) -> None:
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
