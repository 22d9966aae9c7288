"""Asking again and again, less and less often, until something has happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Duration

from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, State, task
from template_checks.core.waits import growing_wait, waits_within

# A poll begins with its interval and waits twice as long in each round, up to 5 minutes or a small part of its
# limit: twelve hours are about 150 rounds, where every 2 seconds would be 21,600. An execution has 25,000 events.
_LONGEST_INTERVAL = Duration.minutes(5)
_MOST_ROUNDS = 150
_GROWTH = 2
_COUNTER = "$.poll.count"


def count(path: str) -> State:
    """Return a state that adds one to the counter at a path, which began as `{"value": 0}`."""
    return {"Type": "Pass", "Parameters": {"value.$": f"States.MathAdd({path}.value, 1)"}, "ResultPath": path}


def gave_up(name: str, limit: Duration) -> State:
    """Return the state in which a wait that took too long ends."""
    return {"Type": "Fail", "Error": name, "Cause": f"no end after {limit.to_human_string()}"}


def wait(interval: Duration, limit: Duration, counter: str) -> State:
    """Return a Wait state that grows from an interval with the rounds, which the counter at a path counts."""
    first = int(interval.to_seconds())
    longest = int(max(_LONGEST_INTERVAL.to_seconds(), limit.to_seconds() / _MOST_ROUNDS))
    if first >= longest:
        return {"Type": "Wait", "Seconds": first}
    path = counter.replace("$", "$states.input", 1)
    return {"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": growing_wait(first, longest, _GROWTH, path)}


def rounds(limit: Duration, waiting: State) -> int:
    """Return how often a Wait state waits until a limit is reached."""
    found = waits_within(waiting, limit.to_seconds())
    assert found is not None, f"a wait of {waiting['Seconds']} has no known length"
    return found


def ask_again(
    asking: dict[str, State], name: str, errors: Sequence[str], *, result_path: str, then: str
) -> dict[str, State]:
    """Return a task of a poll after whose transient errors, kept at a path, the next round asks again."""
    transient: State = {"ErrorEquals": [*errors, "States.Timeout"], "ResultPath": result_path, "Next": then}
    return asking | {name: asking[name] | {"Catch": [transient, *asking[name]["Catch"]], "Next": then}}


@dataclass(frozen=True, kw_only=True)
class Poll:
    """Asking again and again whether something has ended; what the starting task returns lies at `$.poll`.

    Parameters
    ----------
    action, parameters:
        The call that asks; its answer lies at `$.poll.answer`.
    transient: sequence of str
        Errors of the call that the next round may not have.
    succeeded: State
        Condition, as a Choice state writes it, of success.
    failures: sequence of (State, str)
        Conditions of failure, and the path or intrinsic of the reason, a text.
    unanswered: mapping
        The answer until the first one comes.
    """

    action: str
    parameters: Mapping[str, Any]
    transient: Sequence[str]
    succeeded: State
    failures: Sequence[tuple[State, str]]
    unanswered: Mapping[str, Any] = field(default_factory=lambda: {"Status": "STARTING"})

    def join(self, name: str, *, then: str | None = None) -> State:
        """Return the state that goes on to wait for what something else has started, in place of the task `name`."""
        return {"Type": "Pass", "Result": self._begun, "ResultPath": "$.poll", "Next": then or f"{name} waits"}

    def fragment(self, name: str, start: dict[str, State], *, interval: Duration, limit: Duration) -> Fragment:
        """Return the states that begin with the starting task `name` and wait for the end."""
        asks, waits, counts, decides = f"{name} asks", f"{name} waits", f"{name} counts", f"{name} decides"
        done, late = f"{name} done", f"{name} took too long"
        ends = {f"{name} ended badly {number}": found for number, found in enumerate(self.failures, start=1)}
        asking = task(
            asks,
            self.action,
            self.parameters,
            timeout=ONE_CALL,
            retries=[],
            result_path="$.poll.answer",
        )
        waiting = wait(interval, limit, f"{_COUNTER}.value")
        begun = {**self._begun, **start[name].get("ResultSelector", {})}
        states: dict[str, State] = {
            **start,
            name: start[name] | {"ResultSelector": begun, "ResultPath": "$.poll", "Next": waits},
            waits: waiting | {"Next": counts},
            counts: count(_COUNTER) | {"Next": asks},
            **ask_again(asking, asks, self.transient, result_path="$.poll.error", then=decides),
            decides: {
                "Type": "Choice",
                "Choices": [
                    {**self.succeeded, "Next": done},
                    *({**condition, "Next": end} for end, (condition, _) in ends.items()),
                    {
                        "Variable": f"{_COUNTER}.value",
                        "NumericGreaterThanEquals": rounds(limit, waiting),
                        "Next": late,
                    },
                ],
                "Default": waits,
            },
            late: gave_up(name, limit),
            done: {"Type": "Pass"},
        }
        for end, (_, reason) in ends.items():
            states[end] = {"Type": "Fail", "Error": name, "CausePath": reason}
        return Fragment(start=name, end=done, states=states)

    @property
    def _begun(self) -> dict[str, Any]:
        return {"answer": dict(self.unanswered), "count": {"value": 0}}
