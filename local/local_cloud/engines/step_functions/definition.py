"""Definitions of state machines: what is wrong with one, in the words of Step Functions where they are known.

https://states-language.net/spec.html

Above 200 lines: every check of a definition that is not of one field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from local_cloud.engines.step_functions import jsonata
from local_cloud.engines.step_functions.checks import Check, integer, of_type, one_of
from local_cloud.engines.step_functions.choice_rules import check_choices
from local_cloud.engines.step_functions.fields import JSONATA, JSONPATH, TYPES
from local_cloud.engines.step_functions.handlers import check_catchers, check_retriers
from local_cloud.engines.step_functions.map_fields import check_map
from local_cloud.engines.step_functions.processors import is_distributed, processor_of
from local_cloud.engines.step_functions.task_fields import check_task
from local_cloud.engines.step_functions.transitions import check_transitions

_LONGEST_NAME = 80
# A problem is found before the next one becomes its consequence.
_MOST_PROBLEMS = 10

_PROGRAM: dict[str, Check] = {
    "Comment": of_type("string"),
    "StartAt": of_type("string"),
    "States": of_type("object"),
    "QueryLanguage": one_of("JSONPath", "JSONata"),
}
_MACHINE: dict[str, Check] = {**_PROGRAM, "Version": one_of("1.0"), "TimeoutSeconds": integer(1)}
_INNER: dict[str, Check] = {**_PROGRAM, "ProcessorConfig": of_type("object")}
# Fields that are read by a check of their own.
_NESTED = {
    "Task": {"Retry", "Catch"},
    "Choice": {"Choices"},
    "Parallel": {"Branches", "Retry", "Catch"},
    "Map": {"ItemProcessor", "Iterator", "ItemReader", "ItemBatcher", "ResultWriter", "Retry", "Catch"},
}
_REQUIRED = {"Task": ["Resource"], "Choice": ["Choices"], "Parallel": ["Branches"]}
# Fields that are either literal or taken from the data.
_LITERALS = (
    "Cause",
    "Error",
    "HeartbeatSeconds",
    "MaxConcurrency",
    "TimeoutSeconds",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
)
_WITHOUT_NEXT = {"Choice", "Succeed", "Fail"}


def problems_of(definition: str, *, express: bool = False) -> list[str]:
    """Return what Step Functions would refuse, and what nothing here runs; at most ten problems.

    Parameters
    ----------
    definition: str
        The States Language, as JSON.
    express: bool, default False
        Whether the state machine is an express workflow.
    """
    checker = Checker(express=express)
    try:
        program = json.loads(definition, object_pairs_hook=checker.object)
    except ValueError as error:
        return [f"INVALID_JSON_DESCRIPTION: {error}"]
    if isinstance(program, dict):
        checker.program(program, "", _MACHINE)
    else:
        checker.wrong("Definition must be a valid JSON object", "/")
    return checker.problems[:_MOST_PROBLEMS]


class Checker:
    """Walks through a definition and notes what is wrong."""

    def __init__(self, *, express: bool) -> None:
        self.problems: list[str] = []
        self.is_jsonata = False
        self.outer_variables: frozenset[str] = frozenset()
        self.express = express
        self._names: set[str] = set()

    def wrong(self, message: str, at: str, code: str = "SCHEMA_VALIDATION_FAILED") -> None:
        self.problems.append(f"{code}: {message} at {at}")

    def unsupported(self, message: str, at: str) -> None:
        """Note what AWS has and nothing here runs."""
        self.wrong(f"{message}; the local cloud does not run it", at, "UNSUPPORTED")

    def object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                self.problems.append(f"INVALID_JSON_DESCRIPTION: Duplicate field '{key}'")
            found[key] = value
        return found

    def is_expression(self, value: Any, at: str) -> bool:
        """Tell whether a field is a JSONata expression, which is checked."""
        if not self.is_jsonata or not isinstance(value, str):
            return False
        expression = jsonata.expression_of(value)
        if expression is None:
            return False
        try:
            jsonata.check(expression)
        except jsonata.QueryError as error:
            self.wrong(f"The JSONata expression '{expression}' is invalid: {error}", at)
        return True

    def fields(self, body: dict[str, Any], known: dict[str, Check], at: str, nested: frozenset[str] | set[str]) -> None:
        """Check the fields of an object against those that it may have."""
        for name, value in body.items():
            if name in known:
                known[name](self, value, f"{at}/{name}")
            elif name not in nested:
                self.wrong("Field is not supported", f"{at}/{name}")

    def required(self, body: dict[str, Any], names: list[str], at: str) -> bool:
        missing = [name for name in names if name not in body]
        if missing:
            self.wrong(f"These fields are required: [{', '.join(missing)}]", at or "/")
        return not missing

    def inner(self, program: Any, at: str, variables: frozenset[str]) -> None:
        """Check a branch or an ItemProcessor, in which some variables belong to an outer scope."""
        if not isinstance(program, dict):
            self.wrong("Expected value of type Object", at)
            return
        before, self.outer_variables = self.outer_variables, variables
        language = self.is_jsonata
        self.program(program, at, _INNER)
        self.outer_variables, self.is_jsonata = before, language

    def program(self, program: dict[str, Any], at: str, known: dict[str, Check]) -> None:
        self.fields(program, known, at, frozenset())
        if not self.required(program, ["States", "StartAt"], at) or not isinstance(program["States"], dict):
            return
        states = program["States"]
        if not states:
            self.wrong("Value cannot be empty", f"{at}/States")
        jsonata_default = program.get("QueryLanguage", "JSONata" if self.is_jsonata else "JSONPath") == "JSONata"
        variables = self.outer_variables | frozenset(_assigned(states))
        for name, body in states.items():
            self.is_jsonata = jsonata_default
            self._state(name, body, f"{at}/States/{name}", variables, jsonata_default=jsonata_default)
        self.is_jsonata = jsonata_default
        check_transitions(self, program, at)

    def _state(self, name: str, body: Any, at: str, variables: frozenset[str], *, jsonata_default: bool) -> None:
        if name in self._names:
            self.wrong(f"Duplicate State name: {name}", at, "DUPLICATE_STATE_NAME")
        self._names.add(name)
        if len(name) > _LONGEST_NAME:
            self.wrong(f"State name must have at most {_LONGEST_NAME} characters", at)
        if not isinstance(body, dict):
            self.wrong("Expected value of type Object", at)
            return
        kind = body.get("Type")
        if kind not in TYPES:
            if "Type" not in body:
                self.required(body, ["Type"], at)
            else:
                self.wrong(f"The field 'Type' should have one of these values: [{', '.join(TYPES)}]", f"{at}/Type")
            return
        self.is_jsonata = body.get("QueryLanguage", "JSONata" if jsonata_default else "JSONPath") == "JSONata"
        if jsonata_default and not self.is_jsonata:
            self.wrong("A state cannot use JSONPath in a state machine that uses JSONata", f"{at}/QueryLanguage")
        known = (JSONATA if self.is_jsonata else JSONPATH)[kind]
        self.fields(body, known, at, _NESTED.get(kind, set()))
        self._movement(kind, body, at)
        if self.required(body, _REQUIRED.get(kind, []), at):
            self._content(kind, body, at, variables, jsonata_default=jsonata_default)

    def _movement(self, kind: str, body: dict[str, Any], at: str) -> None:
        if kind not in _WITHOUT_NEXT and ("Next" in body) == ("End" in body):
            self.wrong("One of these fields is required, and only one: [Next, End]", at)
        for name in _LITERALS:
            if name in body and f"{name}Path" in body:
                self.wrong(f"Only one of these fields is allowed: [{name}, {name}Path]", at)
        waits = [name for name in ("Seconds", "Timestamp", "SecondsPath", "TimestampPath") if name in body]
        if kind == "Wait" and len(waits) != 1:
            self.wrong("One of these fields is required, and only one: [Seconds, Timestamp]", at)

    def _content(
        self, kind: str, body: dict[str, Any], at: str, variables: frozenset[str], *, jsonata_default: bool
    ) -> None:
        if kind in {"Task", "Parallel", "Map"}:
            check_retriers(self, body.get("Retry", []), f"{at}/Retry")
            check_catchers(self, body.get("Catch", []), f"{at}/Catch")
        if kind == "Task" and isinstance(body["Resource"], str):
            check_task(self, body, at)
        if kind == "Choice":
            check_choices(self, body["Choices"], f"{at}/Choices")
        if kind == "Parallel":
            self._branches(body["Branches"], at, variables, jsonata_default=jsonata_default)
        if kind == "Map":
            check_map(self, body, at)
            self._processor(body, at, variables, jsonata_default=jsonata_default)

    def _branches(self, branches: Any, at: str, variables: frozenset[str], *, jsonata_default: bool) -> None:
        if not isinstance(branches, list):
            self.wrong("Expected value of type Array", f"{at}/Branches")
        elif not branches:
            self.wrong("Value cannot be empty", f"{at}/Branches")
        else:
            for index, branch in enumerate(branches):
                self.is_jsonata = jsonata_default
                self.inner(branch, f"{at}/Branches[{index}]", variables)

    def _processor(self, body: dict[str, Any], at: str, variables: frozenset[str], *, jsonata_default: bool) -> None:
        field = "ItemProcessor" if "ItemProcessor" in body else "Iterator"
        if field not in body:
            self.required(body, ["ItemProcessor"], at)
            return
        self.is_jsonata = jsonata_default
        distributed = isinstance(body[field], dict) and is_distributed(body)
        if distributed and self.express:
            self.wrong("Express state machine does not support a Distributed Map state", at)
        self.inner(processor_of(body), f"{at}/{field}", frozenset() if distributed else variables)


def _assigned(states: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the variables that the states of one scope assign."""
    for body in states.values():
        if not isinstance(body, dict):
            continue
        rules = [*_objects(body.get("Choices")), *_objects(body.get("Catch"))]
        for part in (body, *rules):
            if isinstance(part.get("Assign"), dict):
                yield from (key.removesuffix(".$") for key in part["Assign"])


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
