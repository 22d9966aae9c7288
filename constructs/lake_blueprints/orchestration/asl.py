"""Pieces of a state machine in the Amazon States Language (JSONPath)."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_stepfunctions as sfn

State = dict[str, Any]

# As `ResultPath`: the CDK leaves a plain null out of JSON, and the result would replace the input.
DISCARD: str = sfn.JsonPath.DISCARD
# What a call may take that only starts or asks.
ONE_CALL = Duration.minutes(1)
# The same for every attempt at a task, and another one each time that the task is entered.
IDEMPOTENCY_TOKEN = "States.Hash(States.Format('{} {}', $$.Execution.Id, $$.State.EnteredTime), 'MD5')"

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


def equals(path: str, value: str) -> State:
    """Return the condition that a text is there and is a value."""
    return {"Variable": path, "StringEquals": value}


def equals_any(path: str, values: Sequence[str]) -> State:
    """Return the condition that a text is there and is one of some values."""
    return {"Or": [equals(path, value) for value in values]}


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
    then: str | None = None,
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
    if then is not None:
        state["Next"] = then
    # The caught error's own name cannot be passed on: a name that begins with `States.` is reserved.
    return {name: state, failed: {"Type": "Fail", "Error": name, "CausePath": "States.JsonToString($.failure)"}}
