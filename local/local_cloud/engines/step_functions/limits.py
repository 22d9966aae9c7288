"""Limits of an execution: the events of its history, the bytes between states, and errors that nothing catches.

An execution of type STANDARD waits for its 25,000th event: if that is not its end, it fails in its place.
https://docs.aws.amazon.com/step-functions/latest/dg/bp-history-limit.html,
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html,
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

from local_cloud.server.patching import Patches

MOST_EVENTS = 25_000
MOST_BYTES = 262_144

_PARSER = "moto.stepfunctions.parser"
_ENDS = (
    HistoryEventType.ExecutionSucceeded,
    HistoryEventType.ExecutionFailed,
    HistoryEventType.ExecutionAborted,
    HistoryEventType.ExecutionTimedOut,
)
# moto's Map waits forever for an iteration that cannot say these.
_LEFT_OUT = (
    HistoryEventType.MapIterationStarted,
    HistoryEventType.MapIterationFailed,
    HistoryEventType.MapIterationAborted,
)
_RUNTIME = StatesErrorNameType.StatesRuntime
_DATA_LIMIT = StatesErrorNameType.StatesStatesDataLimitExceeded
_FULL = f"The execution reached the maximum number of history events ({MOST_EVENTS})."

_stock_environment = ExecutionWorker._get_evaluation_environment
_stock_add_event = EventManager.add_event
_stock_equals = ErrorEqualsDecl._eval_body


class _HistoryFullError(FailureEventException):  # type: ignore[misc]
    def __init__(self, context: Any) -> None:
        details = EventDetails(executionFailedEventDetails=self.get_execution_failed_event_details())
        environment = SimpleNamespace(next_state_name="", event_history_context=context)
        name = StatesErrorName(typ=_RUNTIME)
        super().__init__(FailureEvent(environment, name, HistoryEventType.ExecutionFailed, details))

    def get_execution_failed_event_details(self) -> ExecutionFailedEventDetails:
        # moto's adds the state, as other errors of this name have it.
        return ExecutionFailedEventDetails(error=_RUNTIME.to_name(), cause=_FULL)


def keep_limits(patches: Patches) -> None:
    """End executions where Step Functions does."""
    _fill_the_history(patches)
    _count_bytes(patches)
    _let_terminal_errors_pass(patches)
    _name_errors(patches)


def _fill_the_history(patches: Patches) -> None:
    @patches.replace(f"{_PARSER}.backend.execution_worker", "ExecutionWorker._get_evaluation_environment")
    def _get_evaluation_environment(self: Any) -> Any:
        environment = _stock_environment(self)
        if environment.is_standard_workflow():
            environment.event_manager.full = threading.Lock()
        return environment

    @patches.replace(f"{_PARSER}.asl.eval.event.event_manager", "EventManager.add_event")
    def add_event(  # noqa: PLR0917 - moto's parameters
        self: Any,
        context: Any,
        event_type: HistoryEventType,
        event_details: EventDetails | None = None,
        timestamp: Any = None,
        update_source_event_id: bool = True,
    ) -> int:
        arguments = (context, event_type, event_details, timestamp, update_source_event_id)
        with getattr(self, "full", nullcontext()) as limited:
            if not limited or self._event_id_gen._next_id < MOST_EVENTS or event_type in _ENDS:
                added: int = _stock_add_event(self, *arguments)
                return added
        if event_type in _LEFT_OUT:
            return MOST_EVENTS
        raise _HistoryFullError(context)


def _count_bytes(patches: Patches) -> None:
    # Each module has imported the function by name.
    state = f"{_PARSER}.asl.component.state"
    for module in (
        f"{state}.state",
        f"{state}.exec.state_task.state_task_lambda",
        f"{state}.exec.state_task.service.state_task_service",
    ):

        @patches.replace(module, "is_within_size_quota")
        def is_within_size_quota(value: Any) -> bool:
            # moto's refuses the last byte that is allowed, and counts escapes and spaces that are not there.
            return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str).encode()) <= MOST_BYTES


def _let_terminal_errors_pass(patches: Patches) -> None:
    @patches.replace(f"{_PARSER}.asl.component.common.error_name.error_equals_decl", "ErrorEqualsDecl._eval_body")
    def _eval_body(self: Any, env: Any) -> None:
        error = env.stack[-1]
        _stock_equals(self, env)
        # Neither is among all errors, and nothing catches or retries the first.
        if error.error_name == _RUNTIME.to_name():
            env.stack[-1] = False
        elif error.error_name == _DATA_LIMIT.to_name():
            env.stack[-1] = error in self.error_names


def _name_errors(patches: Patches) -> None:
    """Let the errors of branches and items have names of Step Functions, at which moto breaks off uncaught."""
    execution = f"{_PARSER}.asl.component.state.exec"
    for module in (
        f"{execution}.state_parallel.branches_decl",
        f"{execution}.state_map.iteration.iteration_worker",
    ):

        @patches.replace(module, "CustomErrorName")
        def name_of(error_name: str | None) -> ErrorName:
            states = {one.to_name(): one for one in StatesErrorNameType}
            return StatesErrorName(typ=states[error_name]) if error_name in states else CustomErrorName(error_name)
