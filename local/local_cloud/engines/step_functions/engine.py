"""Step Functions: what moto's interpreter of state machines lacks.

The interpreter is real. Replaced are the places where it cannot wait for a job to end, does not find a
service, returns what is not JSON, has no JSONata, or goes on where Step Functions ends.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from moto.stepfunctions.exceptions import ValidationException
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import StateTaskService
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from local_cloud.engines.engine import Engine
from local_cloud.engines.step_functions import jsonata as query_language
from local_cloud.engines.step_functions.jobs import JOBS
from local_cloud.engines.step_functions.json_text import epoch_milliseconds, iso_8601, plain
from local_cloud.engines.step_functions.limits import MOST_BYTES, keep_limits
from local_cloud.engines.step_functions.services import boto_services, error_prefix, service_model
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

# A task that waits for a job looks twice a second whether it is still wanted.
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.05

_PARSER = "moto.stepfunctions.parser.asl"
# The kinds of tasks whose calls are made by a client of their own.
_TASKS = ("aws_sdk", "batch", "dynamodb", "glue", "sfn", "sns", "unsupported")
_SERVICE = f"{_PARSER}.component.state.exec.state_task.service"
_MAP = f"{_PARSER}.component.state.exec.state_map"
# Where moto makes the clients of all other tasks.
_OTHER_TASKS = (
    f"{_PARSER}.component.state.exec.state_task.lambda_eval_utils",
    *(f"{_SERVICE}.state_task_service_{name}" for name in ("ecs", "events", "sqs")),
    f"{_MAP}.item_reader.eval.resource_eval_s3",
    f"{_MAP}.result_writer.resource_eval.resource_eval_s3",
)
# Longer than any state machine may run.
_PATIENCE_SECONDS = 99_999_999

_stock_after_execution = StateTaskService._after_eval_execution
_stock_start_execution = StepFunctionsParserBackend.start_execution
_stock_execution_details = Execution.get_start_execution_details
_stock_reflect_status = BaseExecutionWorkerCommunication._reflect_execution_status
_stock_integration_pattern = StateTaskServiceCallback._eval_integration_pattern
_stock_wait_interval = WaitFunction._wait_interval


class StepFunctionsEngine(Engine):
    """Runs state machines."""

    def patches(self) -> Patches:
        patches = Patches()
        _wait_for_jobs(patches, self.runtime)
        _find_services(patches)
        _sign_as_the_role(patches, self.runtime)
        _spell_as_the_api(patches)
        _name_executions(patches)
        _return_json(patches)
        _speak_jsonata(patches)
        keep_limits(patches)
        if self.runtime.longest_wait is not None:
            _shorten_waits(patches, self.runtime.longest_wait)
        return patches

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


def _wait_for_jobs(patches: Patches, runtime: Runtime) -> None:
    callback = f"{_SERVICE}.state_task_service_callback"
    unsupported = f"{_SERVICE}.state_task_service_unsupported"

    @patches.replace(callback, "StateTaskServiceCallback._eval_integration_pattern")
    def _eval_integration_pattern(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        # moto interrupts a task token's callback at the end, which only .waitForTaskToken has.
        arguments = (env, resource_runtime_part, normalised_parameters, state_credentials)
        if self.resource.condition == ResourceCondition.WaitForTaskToken:
            _stock_integration_pattern(self, *arguments)
            return
        sync = self.resource.condition == ResourceCondition.Sync
        resolver = (self._build_sync_resolver if sync else self._build_sync2_resolver)(*arguments)
        outcome = self._eval_sync(
            env=env, sync_resolver=resolver, timeout_seconds=None, callback_endpoint=None, heartbeat_endpoint=None
        )
        env.stack.append(outcome)

    @patches.replace(unsupported, "StateTaskServiceUnsupported.__init__")
    def __init__(self: Any) -> None:
        StateTaskServiceCallback.__init__(self, {ResourceCondition.WaitForTaskToken, ResourceCondition.Sync})

    @patches.replace(callback, "StateTaskServiceCallback._build_sync_resolver")
    def _build_sync_resolver(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> Callable[[], Any]:
        job = JOBS.get((self.resource.service_name, self.resource.api_action))
        if job is None:
            raise LocalCloudError(f"the local cloud cannot wait for {self.resource.resource_arn}")
        answer = env.stack.pop()
        client = runtime.client(
            self._get_boto_service_name(), resource_runtime_part.region, role=state_credentials.role_arn
        )

        def resolve() -> Any:
            description = job.describe(client, normalised_parameters, answer)
            description.pop("ResponseMetadata", None)
            status = job.status(description)
            if status in job.failed:
                raise FailureEventException(_task_failed(self, env, plain(description, epoch_milliseconds)))
            return description if status in job.succeeded else None

        return resolve


def _shorten_waits(patches: Patches, longest: int) -> None:
    @patches.replace(f"{_PARSER}.component.state.wait.wait_function.wait_function", "WaitFunction._wait_interval")
    def _wait_interval(self: Any, env: Any, wait_seconds: int) -> None:
        # A poll that grows asks few times: the more often an execution, branch or item comes to a state, the longer.
        waits = env.__dict__.setdefault("waits", Counter())
        name = env.states.context_object.context_object_data["State"]["Name"]
        waits[name] += 1
        _stock_wait_interval(self, env, min(wait_seconds, longest * waits[name]))


def _task_failed(task: Any, env: Any, description: Any) -> FailureEvent:
    return FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed),
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(
            taskFailedEventDetails=TaskFailedEventDetails(
                resource=task._get_sfn_resource(),
                resourceType=task._get_sfn_resource_type(),
                error=StatesErrorNameType.StatesTaskFailed.to_name(),
                cause=json.dumps(description),
            )
        ),
    )


def _sign_as_the_role(patches: Patches, runtime: Runtime) -> None:
    """A task calls a service under the state machine's role."""
    for name in _TASKS:

        @patches.replace(f"{_SERVICE}.state_task_service_{name}", "boto_client_for")
        def as_role(region: str, service: str, state_credentials: Any = None) -> Any:
            return runtime.client(service, region, role=state_credentials.role_arn)

    for module in _OTHER_TASKS:

        @patches.replace(module, "boto_client_for")
        def as_cloud(region: str, service: str, state_credentials: Any = None) -> Any:
            # As moto's own, which signs with a key that no cloud knows: a function may take its 15 minutes.
            patience = Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                connect_timeout=_PATIENCE_SECONDS,
                read_timeout=_PATIENCE_SECONDS,
            )
            return boto3.client(
                service,
                region_name=region,
                endpoint_url=runtime.endpoint,
                config=patience,
                **runtime.keys.own.arguments,
            )


def _find_services(patches: Patches) -> None:
    @patches.replace(f"{_SERVICE}.state_task_service", "StateTaskService._get_boto_service_name")
    def _get_boto_service_name(self: Any, boto_service_name: str | None = None) -> str:
        name = boto_service_name or self.resource.api_name
        return boto_services().get(name.lower(), name)

    def normalise(service_name: str) -> str:
        # Error names begin with the service's name as its API model spells it: Glue, RedshiftData, SageMaker.
        return error_prefix(boto_services().get(service_name.lower(), service_name))

    errors = f"{_SERVICE}.state_task_service_aws_sdk"
    patches.replace(errors, "StateTaskServiceAwsSdk._normalise_service_error_name")(staticmethod(normalise))


def _spell_as_the_api(patches: Patches) -> None:
    """A state machine spells every parameter and result in Pascal case, whatever the API's own spelling."""
    service = f"{_SERVICE}.state_task_service"

    @patches.replace(service, "StateTaskService._normalise_parameters")
    def _normalise_parameters(
        self: Any,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        shape = _operation(self, boto_service_name, service_action_name).input_shape
        if shape:
            self._to_boto_request(parameters, shape)

    @patches.replace(service, "StateTaskService._normalise_response")
    def _normalise_response(
        self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        shape = _operation(self, boto_service_name, service_action_name).output_shape
        if shape:
            self._from_boto_response(response, shape)


def _operation(task: Any, service_name: str | None, action: str | None) -> Any:
    model = service_model(task._get_boto_service_name(service_name))
    wanted = task._get_boto_service_action(action).replace("_", "").lower()
    return model.operation_model(next(name for name in model.operation_names if name.lower() == wanted))


def _name_executions(patches: Patches) -> None:
    @patches.replace("moto.stepfunctions.parser.models", "StepFunctionsParserBackend.start_execution")
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
        return _stock_start_execution(self, state_machine_arn, name or str(uuid.uuid4()), execution_input, trace_header)

    @patches.replace("moto.stepfunctions.parser.backend.execution", "Execution.get_start_execution_details")
    def get_start_execution_details(self: Any) -> Any:
        details = _stock_execution_details(self)
        # The context object is JSON.
        details.start_time = iso_8601(details.start_time.astimezone(UTC))
        return details


def _return_json(patches: Patches) -> None:
    @patches.replace(f"{_SERVICE}.state_task_service", "StateTaskService._after_eval_execution")
    def _after_eval_execution(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        # The aws-sdk integrations give timestamps as text, the optimised ones as milliseconds.
        timestamp = iso_8601 if isinstance(self, StateTaskServiceAwsSdk) else epoch_milliseconds
        env.stack[-1] = plain(env.stack[-1], timestamp)
        _stock_after_execution(self, env, resource_runtime_part, normalised_parameters, state_credentials)

    execution = "moto.stepfunctions.parser.backend.execution"

    @patches.replace(execution, "BaseExecutionWorkerCommunication._reflect_execution_status")
    def _reflect_execution_status(self: Any) -> None:
        _stock_reflect_status(self)
        # DescribeExecution returns text as it is, taking it for JSON.
        if isinstance(self.execution.output, str):
            self.execution.output = json.dumps(self.execution.output)


def _speak_jsonata(patches: Patches) -> None:
    expressions = f"{_PARSER}.component.common.string.string_expression"

    @patches.replace(expressions, "get_intrinsic_functions_declarations")
    def get_intrinsic_functions_declarations(variable_references: set[str]) -> str:
        # moto's, written in JSONata, lack $hash and $uuid; here they are functions of the language.
        return ""

    # Each module has imported the function by name.
    for module in (expressions, f"{_PARSER}.jsonata.validations"):

        @patches.replace(module, "eval_jsonata_expression")
        def eval_jsonata_expression(jsonata_expression: str) -> Any:
            return query_language.evaluate(jsonata_expression)

    @patches.replace(f"{_PARSER}.eval.variable_store", "encode_jsonata_variable_declarations")
    def encode_jsonata_variable_declarations(bindings: dict[str, Any]) -> str:
        # moto puts text between quotes as it is, so that a quote within it ends the expression.
        return query_language.declare(bindings)
