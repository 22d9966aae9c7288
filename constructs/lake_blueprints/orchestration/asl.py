"""Pieces of a state machine in the Amazon States Language (JSONPath)."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_stepfunctions as sfn

from lake_blueprints.rules.history import growing_wait, waits_within

State = dict[str, Any]

# As `ResultPath`: the CDK leaves a plain null out of JSON, and the result would replace the input.
DISCARD: str = sfn.JsonPath.DISCARD
# What a call may take that only starts or asks.
ONE_CALL = Duration.minutes(1)
# A poll begins with its interval and waits half as long again in each round, up to 5 minutes or a small part of its
# limit: twelve hours are about 150 rounds, where every 2 seconds would be 21,600. An execution has 25,000 events.
_LONGEST_INTERVAL = Duration.minutes(5)
_MOST_ROUNDS = 150
_GROWTH = 1.5
# The same for every attempt at a task, and another one each time that the task is entered.
IDEMPOTENCY_TOKEN = "States.Hash(States.Format('{} {}', $$.Execution.Id, $$.State.EnteredTime), 'MD5')"

_COUNTER = "$.poll.count"
# What an ARN or a name that is known only when deployed can become.
_LONGEST_VALUE = "x" * 128
_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
# Of 80 characters that a name may have, some are left for what is added; quotes and braces would need escapes.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,59}")


@dataclass(frozen=True, kw_only=True)
class Fragment:
    """Some states with one entry and one exit.

    Parameters
    ----------
    start, end: str
        Names of the first and of the last state, which may be the same; the last has no `Next` yet.
    states: mapping of str to State
        All states by name; those beside the way from start to end are terminal, or lead back to it.
    """

    start: str
    end: str
    states: Mapping[str, State]


def chain(fragments: Sequence[Fragment]) -> State:
    """Return the states of fragments that follow each other, as a branch or a whole machine takes them.

    Raises
    ------
    ValueError
        If two states have the same name, be they in different branches
        (https://docs.aws.amazon.com/step-functions/latest/dg/concepts-states.html).
    """
    names = Counter(name for fragment in fragments for name in _names(fragment.states))
    for name in (name for name, times in names.items() if times > 1):
        raise ValueError(f"two steps are named '{name}'; give one of them another 'name'")
    states: dict[str, State] = {}
    for fragment, following in zip(fragments, [*(f.start for f in fragments[1:]), None], strict=True):
        for name, state in fragment.states.items():
            onward = {"Next": following} if following else {"End": True}
            states[name] = state | onward if name == fragment.end else dict(state)
    return {"StartAt": fragments[0].start, "States": states}


def joined(first: Fragment, *others: Fragment) -> Fragment:
    """Return fragments that follow each other as one."""
    states, end = dict(first.states), first.end
    for fragment in others:
        states = {**states, end: states[end] | {"Next": fragment.start}, **fragment.states}
        end = fragment.end
    return Fragment(start=first.start, end=end, states=states)


def discard_output(fragment: Fragment) -> Fragment:
    """Return a fragment that hands nothing on: what branches and items return is one result, of at most 256 KiB.

    A last state in JSONata says itself what it hands on.
    """
    last = fragment.states[fragment.end]
    if last.get("QueryLanguage") == "JSONata":
        return fragment
    return Fragment(
        start=fragment.start, end=fragment.end, states={**fragment.states, fragment.end: last | {"OutputPath": DISCARD}}
    )


def bytes_of(value: Any) -> int:
    """Return how long a value is as JSON, once what it refers to is known."""
    return len(_TOKEN.sub(_LONGEST_VALUE, json.dumps(value, ensure_ascii=False, separators=(",", ":"))).encode())


def _names(states: Mapping[str, State]) -> Iterator[str]:
    for name, state in states.items():
        yield name
        for inner in [*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())]:
            yield from _names(inner["States"])


def check_name(name: str) -> str:
    """Return the name of a step, if states can be named after it."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"the name of a step must be 1 to 60 letters, digits, spaces, dots, hyphens and underscores, got '{name}'"
        )
    return name


def step_name(verb: str, subject: str) -> str:
    """Return the name of a step that does something to a subject whose name may be too long for it."""
    name = f"{verb} {subject}"
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return name if _NAME.fullmatch(name) else f"{name[:51]} {digest}"


def integration(action: str) -> str:
    """Return the ARN of a service integration: `glue:startJobRun.sync`."""
    return f"arn:{Aws.PARTITION}:states:::{action}"


def retry(errors: Sequence[str], *, attempts: int = 6) -> State:
    """Return a retrier that backs off up to a minute, at random, so that many do not come back at once."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": 2,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": 60,
        "JitterStrategy": "FULL",
    }


def busy(errors: Sequence[str]) -> State:
    """Return a retrier for quotas of what runs at the same time, which free up as others end.

    It goes on for 53 minutes on average, and adds few events to the history.
    """
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": 15,
        "BackoffRate": 2,
        "MaxAttempts": 12,
        "MaxDelaySeconds": 900,
        "JitterStrategy": "FULL",
    }


def task(
    name: str,
    action: str,
    parameters: Mapping[str, Any],
    *,
    timeout: Duration,
    retries: Sequence[State],
    result: Mapping[str, Any] | None = None,
    result_path: str = DISCARD,
) -> dict[str, State]:
    """Return a task that is bounded and caught, and the state in which it fails, with its name as the error."""
    failed = f"{name} failed"
    state: State = {
        "Type": "Task",
        "Resource": integration(action),
        "Parameters": dict(parameters),
        "TimeoutSeconds": int(timeout.to_seconds()),
        **({"Retry": list(retries)} if retries else {}),
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": failed}],
        "ResultPath": result_path,
    }
    if result is not None:
        state["ResultSelector"] = dict(result)
    # The caught error's own name cannot be passed on: a name that begins with `States.` is reserved.
    return {name: state, failed: {"Type": "Fail", "Error": name, "CausePath": "States.JsonToString($.failure)"}}


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
        begun = {"answer": dict(self.unanswered), "count": {"value": 0}, **start[name].get("ResultSelector", {})}
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
