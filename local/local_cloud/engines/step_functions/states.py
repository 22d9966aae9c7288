"""States: how each type runs, from its input to its output and the state that follows.

https://states-language.net/spec.html, https://docs.aws.amazon.com/step-functions/latest/dg/workflow-states.html

Above 200 lines: a function for each type of state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.step_functions import choice
from local_cloud.engines.step_functions.distributed_map import run_distributed
from local_cloud.engines.step_functions.errors import NO_CHOICE_MATCHED, QUERY_EVALUATION, RUNTIME, StateError
from local_cloud.engines.step_functions.flow import Flow
from local_cloud.engines.step_functions.flows import flow_of
from local_cloud.engines.step_functions.iterations import run_inline, run_parallel
from local_cloud.engines.step_functions.json_text import compact, iso_8601
from local_cloud.engines.step_functions.jsonata_flow import JsonataFlow
from local_cloud.engines.step_functions.limits import check_size
from local_cloud.engines.step_functions.processors import is_distributed
from local_cloud.engines.step_functions.retries import Retries
from local_cloud.engines.step_functions.scope import Scope
from local_cloud.engines.step_functions.tasks import run_task
from local_cloud.engines.step_functions.timestamps import timestamp_of

_LONGEST_WAIT = 99_999_999
# As recorded: a timestamp may be 24,855 days away, not 24,856.
_FURTHEST_SECONDS = 2**31 - 1


@dataclass
class State:
    """A state that runs."""

    name: str
    body: dict[str, Any]
    scope: Scope
    flow: Flow
    entered: int

    @property
    def following(self) -> str | None:
        return self.body.get("Next")


def run_states(program: dict[str, Any], data: Any, scope: Scope) -> Any:
    """Run a program, which is a state machine, a branch or an ItemProcessor, to its end; return its output.

    Raises
    ------
    StateError
        If a state fails and nothing catches that.
    HaltedError
        If it was ended from outside.
    """
    scope.query_language = program.get("QueryLanguage", scope.query_language)
    name = program["StartAt"]
    while name is not None:
        scope.halt.check()
        data, name = _run_state(name, program["States"][name], data, scope)
    return data


def _run_state(name: str, body: dict[str, Any], data: Any, scope: Scope) -> tuple[Any, str | None]:
    kind = body["Type"]
    text = {"name": name, "input": compact(data), "inputDetails": {"truncated": False}}
    entered = scope.event(f"{kind}StateEntered", stateEnteredEventDetails=text)
    scope.context["State"] = {"EnteredTime": iso_8601(datetime.now(UTC)), "Name": name}
    scope.variables.latest = {}
    state = State(name, body, scope, flow_of(scope, body, data), entered)
    try:
        output, following = _KINDS[kind](state)
        check_size(output, name)
    except StateError as error:
        _report(error, state)
        raise
    details = {"name": name, "output": compact(output), "outputDetails": {"truncated": False}}
    if scope.variables.latest:
        assigned = {key: compact(value) for key, value in scope.variables.latest.items()}
        details |= {"assignedVariables": assigned, "assignedVariablesDetails": {"truncated": False}}
    scope.event(f"{kind}StateExited", stateExitedEventDetails=details)
    return output, following


def _report(error: StateError, state: State) -> None:
    error.at(state.name, state.entered)
    if error.name == QUERY_EVALUATION and not error.reported:
        error.reported = True
        where = {"location": error.location} if error.location else {}
        state.scope.event(
            "EvaluationFailed", evaluationFailedEventDetails={**error.details, **where, "state": state.name}
        )


def _pass(state: State) -> tuple[Any, str | None]:
    if isinstance(state.flow, JsonataFlow):
        return state.flow.pass_through(), state.following
    result = state.body["Result"] if "Result" in state.body else state.flow.arguments()
    return state.flow.finish(result), state.following


def _succeed(state: State) -> tuple[Any, None]:
    return state.flow.pass_through(), None


def _fail(state: State) -> tuple[Any, None]:
    error = StateError(state.flow.text("Error"), state.flow.text("Cause"))
    # Its words are the author's, also if the name is one of Step Functions.
    error.located = error.reported = True
    raise error


def _choose(state: State) -> tuple[Any, str]:
    for rule in state.body["Choices"]:
        if choice.matches(rule, state.flow):
            return state.flow.pass_through(rule), rule["Next"]
    if "Default" in state.body:
        return state.flow.pass_through(), state.body["Default"]
    raise StateError(
        NO_CHOICE_MATCHED, f"No Choice Rule of the state '{state.name}' matches its input, and it has no Default"
    )


def _wait(state: State) -> tuple[Any, str | None]:
    seconds = _seconds(state.flow)
    longest = state.scope.machine.longest_wait
    if longest is not None:
        # A poll that grows asks few times: the more often an execution, branch or item comes to a state, the longer.
        state.scope.waits[state.name] += 1
        seconds = min(seconds, longest * state.scope.waits[state.name])
    state.scope.halt.wait(seconds)
    return state.flow.pass_through(), state.following


def _seconds(flow: Flow) -> float:
    """Return how long a Wait state waits."""
    timestamp = flow.value("Timestamp")
    if timestamp is not None:
        moment = timestamp_of(timestamp)
        if moment is None:
            path = flow.body.get("TimestampPath")
            raise flow.invalid(
                "Timestamp",
                timestamp,
                "timestamp",
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
                f"string: {path} == {timestamp}"
                if path
                else "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: "
                f"{timestamp}",
            )
        seconds = (moment - datetime.now(UTC)).total_seconds()
        if seconds > _FURTHEST_SECONDS:
            raise flow.invalid("Timestamp", timestamp, "timestamp", "Wait state delay is too long.")
        return max(0.0, seconds)
    path = flow.body.get("SecondsPath")
    if path is None:
        return flow.integer("Seconds", most=_LONGEST_WAIT) or 0
    try:
        value = flow.value("Seconds")
    except StateError:
        value = None
    if value is None:
        raise StateError(RUNTIME, f"The SecondsPath parameter does not reference an input value: {path}")
    if not isinstance(value, int) or isinstance(value, bool):
        raise StateError(RUNTIME, f"The SecondsPath parameter cannot be parsed as a long value: {path} == {value}")
    if value < 0:
        raise StateError(RUNTIME, f"The SecondsPath parameter references a negative value: {path} == {value}")
    return value


def _work(state: State) -> tuple[Any, str | None]:
    """Run a Task, Parallel or Map state, with what it says about errors."""
    retries = Retries(state.body.get("Retry", []))
    while True:
        state.scope.context["State"]["RetryCount"] = retries.count
        try:
            output = state.flow.finish(_WORK[state.body["Type"]](state))
            check_size(output, state.name)
            return output, state.following
        except StateError as error:
            _report(error, state)
            delay = retries.delay(error)
            if delay is None:
                _note_failure(error, state)
                return _catch(error, state)
            state.scope.halt.wait(delay)


def _note_failure(error: StateError, state: State) -> None:
    if state.body["Type"] != "Task" and error.name != RUNTIME:
        state.scope.event(f"{state.body['Type']}StateFailed")


def _catch(error: StateError, state: State) -> tuple[Any, str]:
    for catcher in state.body.get("Catch", []):
        if error.is_among(catcher["ErrorEquals"]):
            return state.flow.caught(catcher, error), catcher["Next"]
    raise error


def _task(state: State) -> Any:
    return run_task(state.body, state.flow, state.scope)


def _parallel(state: State) -> Any:
    return run_parallel(state.body, state.flow, state.scope, run_states)


def _map(state: State) -> Any:
    run = run_distributed if is_distributed(state.body) else run_inline
    return run(state.name, state.body, state.flow, state.scope, run_states)


_WORK: dict[str, Callable[[State], Any]] = {"Task": _task, "Parallel": _parallel, "Map": _map}
_KINDS: dict[str, Callable[[State], tuple[Any, str | None]]] = {
    "Pass": _pass,
    "Succeed": _succeed,
    "Fail": _fail,
    "Choice": _choose,
    "Wait": _wait,
    **dict.fromkeys(_WORK, _work),
}
