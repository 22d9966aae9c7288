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
from moto.stepfunctions.exceptions import (
    InvalidExecutionInput,
    InvalidName,
    ValidationException,
)
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from local_cloud.engines.engine import Engine
from local_cloud.engines.step_functions.api import bring_tokens_back, describe_executions, describe_map_runs
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
_stock_update_state_machine = StepFunctionResponse.update_state_machine


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
        bring_tokens_back(patches)
        describe_map_runs(patches)
        describe_executions(patches)
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
