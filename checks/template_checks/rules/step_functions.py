"""Definitions of Step Functions.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from template_checks.core.asl import (
    ENDS,
    MACHINE,
    DefinitionError,
    is_open,
    machines_of,
    readable_machines,
    states_of,
    text_of,
)
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import required

_GUIDE: Final = "https://docs.aws.amazon.com/step-functions/latest/dg"
_KINDS: Final = ("Task", "Pass", "Choice", "Wait", "Parallel", "Map", *ENDS)
_COMPARISONS: Final = {
    *("And", "Or", "Not", "IsBoolean", "IsNull", "IsNumeric", "IsPresent", "IsString", "IsTimestamp"),
    *("BooleanEquals", "BooleanEqualsPath", "StringMatches"),
    *(
        f"{what}{how}{path}"
        for what in ("String", "Numeric", "Timestamp")
        for how in ("Equals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
        for path in ("", "Path")
    ),
}
_RULE_FIELDS: Final = {"Variable", "Next", "Comment", "Output", "Assign", "Condition"}
_PATH_FIELDS: Final = ("InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "ItemsPath")
_EXPRESSION_FIELDS: Final = ("Arguments", "Output")


@rule(
    "LAKE-STEPS-001",
    MACHINE,
    title="A definition is a state machine",
    fix="give JSON with StartAt and States",
    source=f"{_GUIDE}/statemachine-structure.html",
)
def definition(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses other definitions, a start and targets that do not exist, and unknown types."""
    node = text_of(resource)
    try:
        machines = machines_of(resource)
    except DefinitionError as problem:
        yield Violation(at=node, found="a definition that is none", allowed=str(problem))
        return
    for machine in machines:
        if machine.start not in machine.states and not is_open(machine.start):
            yield Violation(at=node, found=f"StartAt {machine.start}", allowed=f"one of {', '.join(machine.states)}")
        for state in machine.states.values():
            if len(state.name) > 80:
                yield Violation(at=node, found=f"a name of {len(state.name)} letters", allowed="80 letters or fewer")
            if state.kind not in _KINDS and not is_open(state.kind):
                yield Violation(at=node, found=f"type {state.kind} of {state.name}", allowed=", ".join(_KINDS))
            for target in state.next:
                if target not in machine.states:
                    found = f"{target} after {state.name}"
                    yield Violation(at=node, found=found, allowed=f"one of {', '.join(machine.states)}")


@rule(
    "LAKE-STEPS-002",
    MACHINE,
    title="Each state says what follows",
    fix="set Next, or End to true",
    source=f"{_GUIDE}/statemachine-structure.html",
)
def transitions(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses a state with neither or both, and a Choice or an end with either."""
    for _, state in states_of(resource):
        given = [key for key in ("Next", "End") if state.fields.get(key)]
        if is_open(state.fields.get("End")):
            continue
        if state.kind in {"Choice", *ENDS}:
            if given:
                found = f"{state.name} with {given[0]}"
                yield Violation(at=text_of(resource), found=found, allowed=f"a {state.kind} without it")
        elif len(given) != 1 and state.kind in _KINDS:
            found = f"{state.name} with {' and '.join(given) or 'neither Next nor End'}"
            yield Violation(at=text_of(resource), found=found, allowed="one of Next and End")


@rule(
    "LAKE-STEPS-003",
    MACHINE,
    title="An execution can come to each state",
    fix="lead to the state from another one, or remove it",
    source=f"{_GUIDE}/statemachine-structure.html",
)
def reachable(resource: Resource) -> Iterator[Violation]:
    """A state that no transition reaches never runs."""
    for machine in readable_machines(resource):
        for name in machine.states.keys() - machine.reachable if machine.start in machine.states else ():
            yield Violation(
                at=text_of(resource), found=f"{name}, which nothing leads to", allowed="states that are reached"
            )


@rule(
    "LAKE-STEPS-004",
    MACHINE,
    title="An execution can come to an end",
    fix="let a Choice leave the loop, or set End",
    source=f"{_GUIDE}/service-quotas.html",
)
def ending(resource: Resource) -> Iterator[Violation]:
    """It goes round until it has 25,000 events in its history, and is paid for each."""
    for machine in readable_machines(resource):
        for name in sorted(machine.reachable - machine.ending):
            if all(target in machine.states for target in machine.states[name].next) and machine.states[name].next:
                yield Violation(at=text_of(resource), found=f"{name}, which leads to no end", allowed="a way to an end")


@rule(
    "LAKE-STEPS-005",
    MACHINE,
    title="Choices compare by operators that exist",
    fix="correct the operator, for instance StringEquals or NumericGreaterThan",
    source=f"{_GUIDE}/state-choice.html",
)
def choices(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses others, choices without a comparison and a Choice without choices."""
    for _, state in states_of(resource):
        if state.kind == "Choice":
            given = state.fields.get("Choices")
            if is_open(given) or is_open(state.language):
                continue
            if not isinstance(given, list) or not given:
                found = f"{state.name} without Choices"
                yield Violation(at=text_of(resource), found=found, allowed="one choice or more")
            for one in given if isinstance(given, list) else []:
                for problem, allowed in _comparison_problems(one, state.language, top=True):
                    yield Violation(at=text_of(resource), found=f"{problem} in {state.name}", allowed=allowed)


@rule(
    "LAKE-STEPS-011",
    MACHINE,
    title="A state speaks one language",
    fix="use Arguments and Output in JSONata, Parameters and ResultPath in JSONPath",
    source=f"{_GUIDE}/transforming-data.html",
)
def language(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses fields of the other query language."""
    for _, state in states_of(resource):
        jsonata = state.language == "JSONata"
        for name in _PATH_FIELDS if jsonata else _EXPRESSION_FIELDS:
            if name in state.fields and not is_open(state.language):
                found = f"{name} in {state.name}"
                yield Violation(at=text_of(resource), found=found, allowed=f"fields of {state.language}")


@rule(
    "LAKE-STEPS-012",
    MACHINE,
    title="Retries and catches are ones that Step Functions takes",
    fix="wait 1 second or more, back off by 1 or more, and let States.ALL stand alone and last",
    source=f"{_GUIDE}/concepts-error-handling.html",
)
def errors(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses others."""
    for _, state in states_of(resource):
        for field in ("Retry", "Catch"):
            handlers = state.fields.get(field)
            for problem, allowed in _handler_problems(handlers if isinstance(handlers, list) else [], field):
                yield Violation(at=text_of(resource), found=f"{problem} in {state.name}", allowed=allowed)


@rule(
    "LAKE-STEPS-013",
    MACHINE,
    title="States have what their type needs",
    fix="give Branches to Parallel, an ItemProcessor to Map, and one time to Wait",
    source=f"{_GUIDE}/workflow-states.html",
)
def fields(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses states without it, and a heartbeat that is not within the timeout."""
    times = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
    for _, state in states_of(resource):
        given = state.fields
        problem = None
        if state.kind == "Wait" and sum(name in given for name in times) != 1:
            problem = f"one of {', '.join(times)}"
        if state.kind == "Parallel" and not given.get("Branches"):
            problem = "Branches"
        if state.kind == "Map" and not (given.get("ItemProcessor") or given.get("Iterator")):
            problem = "an ItemProcessor"
        if problem:
            yield Violation(
                at=text_of(resource), found=f"{state.name} without it", allowed=f"{problem} in a {state.kind}"
            )
        timeout, heartbeat = given.get("TimeoutSeconds"), given.get("HeartbeatSeconds")
        if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
            found = f"{heartbeat} seconds in {state.name}"
            yield Violation(at=text_of(resource), found=found, allowed=f"a heartbeat below {timeout} seconds")
        for name, seconds in (("TimeoutSeconds", timeout), ("HeartbeatSeconds", heartbeat)):
            if isinstance(seconds, int) and not 1 <= seconds <= 99999999:
                yield Violation(
                    at=text_of(resource), found=f"{name} {seconds} in {state.name}", allowed="1 to 99999999"
                )


@rule(
    "LAKE-STEPS-014",
    MACHINE,
    title="A state machine has one definition",
    fix="give one of DefinitionString, Definition and DefinitionS3Location",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html",
)
def one_definition(resource: Resource) -> Iterator[Violation]:
    """CloudFormation refuses two, and none."""
    names = ("DefinitionString", "Definition", "DefinitionS3Location")
    given = [name for name in names if resource.at(name).present]
    if len(given) != 1:
        yield Violation(
            at=resource.at(names[0]), found=" and ".join(given) or "none", allowed=f"one of {', '.join(names)}"
        )
    yield from required(resource.at("RoleArn"), "a role that Step Functions may assume")


@rule(
    "LAKE-STEPS-015",
    MACHINE,
    title="What is taken from the input is a path",
    fix="start the value of a key in .$ with $ or States., or remove .$ from the key",
    source=f"{_GUIDE}/input-output-inputpath-params.html",
)
def paths(resource: Resource) -> Iterator[Violation]:
    """Step Functions refuses a key that ends in .$ whose value is no path."""
    for _, state in states_of(resource):
        if state.language == "JSONPath":
            for name in ("Parameters", "ResultSelector", "ItemSelector"):
                for key, value in _taken(state.fields.get(name)):
                    found = f"{key} {value} in {state.name}"
                    yield Violation(at=text_of(resource), found=found, allowed="a path that starts with $, or States.")


def _taken(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys that take from the input what is no path."""
    if isinstance(value, dict):
        for key, item in value.items():
            if str(key).endswith(".$") and not str(item).startswith(("$", "States.")):
                yield key, item
            yield from _taken(item)
    elif isinstance(value, list):
        for item in value:
            yield from _taken(item)


def _comparison_problems(comparison: Any, language: str, *, top: bool) -> Iterator[tuple[str, str]]:
    if is_open(comparison):
        return
    if not isinstance(comparison, dict):
        yield "a choice that is no object", "an object"
        return
    operators = [key for key in comparison if key not in _RULE_FIELDS]
    if top and "Next" not in comparison:
        yield "a choice without Next", "what follows if it holds"
    if language == "JSONata":
        if "Condition" not in comparison:
            yield "a choice without Condition", "a Condition in JSONata"
        return
    for operator in operators:
        if operator not in _COMPARISONS:
            yield operator, "StringEquals, NumericLessThan, IsPresent, And and the like"
        inner = comparison[operator]
        if operator in {"And", "Or", "Not"}:
            for one in inner if isinstance(inner, list) else [inner]:
                yield from _comparison_problems(one, language, top=False)
    if len(operators) != 1:
        yield f"{len(operators)} operators", "one operator in a choice"
    elif operators[0] not in {"And", "Or", "Not"} and not str(comparison.get("Variable", "")).startswith("$"):
        yield f"Variable {comparison.get('Variable')}", "a path that starts with $"


def _handler_problems(handlers: list[Any], field: str) -> Iterator[tuple[str, str]]:
    for index, handler in enumerate(handlers):
        names = handler.get("ErrorEquals") if isinstance(handler, dict) else None
        if not isinstance(handler, dict) or is_open(names):
            continue
        if not isinstance(names, list) or not names:
            yield f"{field} without ErrorEquals", "the names of errors"
            continue
        if "States.ALL" in names and (len(names) > 1 or index < len(handlers) - 1):
            yield f"States.ALL among others of {field}", "States.ALL alone and last"
        if field == "Catch" and not handler.get("Next"):
            yield "Catch without Next", "the state that follows"
        for name, least in (("IntervalSeconds", 1), ("BackoffRate", 1), ("MaxAttempts", 0), ("MaxDelaySeconds", 1)):
            value = handler.get(name)
            if isinstance(value, int | float) and value < least:
                yield f"{name} {value}", f"{least} or more"
