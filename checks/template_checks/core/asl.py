"""State machines in Amazon States Language: their states, and how one leads to another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from template_checks.core.intrinsics import is_function, rendered
from template_checks.core.template import Node, Resource

_BARE_HOLE: Final = re.compile(r'([:\[,]\s*)(\$\{[^}"]*\})')
MACHINE: Final = "AWS::StepFunctions::StateMachine"
ENDS: Final = ("Succeed", "Fail")
# What is unknown of a state of which nothing is known.
_UNKNOWN: Final = ("Type", "Next", "End", "QueryLanguage")


class DefinitionError(Exception):
    """A definition is not what a state machine can be read from."""


@dataclass(frozen=True)
class State:
    """A state of a machine."""

    name: str
    fields: Mapping[str, Any]
    language: str

    @property
    def kind(self) -> str:
        return str(self.fields.get("Type", ""))

    @cached_property
    def next(self) -> list[str]:
        """The names of the states that it can lead to, as far as they are known."""
        return [target for target in self._targets if isinstance(target, str) and not is_open(target)]

    @cached_property
    def leads_anywhere(self) -> bool:
        """Whether only the deployment knows a state that it can lead to."""
        return any(is_open(target) for target in self._targets)

    @property
    def _targets(self) -> list[Any]:
        choices, catches = self.fields.get("Choices"), self.fields.get("Catch")
        named = [one.get("Next") for one in _objects(choices) + _objects(catches)]
        unknown = [one for given in (choices, catches) for one in (given if isinstance(given, list) else [given])]
        return [self.fields.get("Next"), self.fields.get("Default"), *named, *filter(is_open, unknown)]

    @property
    def ends(self) -> bool:
        """Whether the machine can end here."""
        end = self.fields.get("End")
        return self.kind in ENDS or end is True or is_open(end) or is_open(self.kind)


@dataclass(frozen=True)
class Machine:
    """A state machine, or one inside a Parallel or Map state; `path` says in which, `limited` that it times out."""

    path: str
    limited: bool
    start: str | None
    states: Mapping[str, State]

    @cached_property
    def reachable(self) -> frozenset[str]:
        """The states that an execution can come to."""
        found: set[str] = set()
        ahead = list(self.states) if is_open(self.start) else [self.start] if self.start else []
        while ahead:
            name = ahead.pop()
            if name in self.states and name not in found:
                found.add(name)
                ahead += self._following(name)
        return frozenset(found)

    @cached_property
    def ending(self) -> frozenset[str]:
        """The states from which an execution can come to an end."""
        found = {name for name, state in self.states.items() if state.ends}
        while more := {n for n in self.states if n not in found and found & set(self._following(n))}:
            found |= more
        return frozenset(found)

    def _following(self, name: str) -> list[str]:
        state = self.states[name]
        return list(self.states) if state.leads_anywhere else state.next


def is_open(value: Any) -> bool:
    """Whether only the deployment knows a value of a definition: text with `${holes}`."""
    return isinstance(value, str) and "${" in value


def machines_of(resource: Resource) -> list[Machine]:
    """Return a state machine with those inside of it; none if its definition is elsewhere.

    Raises
    ------
    DefinitionError
        If the definition is no JSON, or no state machine.
    """
    definition = definition_of(resource)
    return [] if definition is None else list(_machines(definition, "", "JSONPath"))


def definition_of(resource: Resource) -> dict[str, Any] | None:
    """Return the definition of a state machine; none if it is elsewhere, or known only when deployed.

    Raises
    ------
    DefinitionError
        If the definition is no JSON object.
    """
    text, given = resource.at("DefinitionString"), resource.at("Definition")
    if given.known:
        return _object(_without_functions(given.value))
    if not text.present or not text.rendered or text.rendered.startswith("${"):
        return None
    try:
        return _object(json.loads(text.rendered))
    except (ValueError, RecursionError) as error:
        if "${" not in text.rendered:
            raise DefinitionError(f"valid JSON ({error})") from error
    try:
        return _object(json.loads(_BARE_HOLE.sub(r'\1"\2"', text.rendered)))
    except (ValueError, RecursionError):
        return None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DefinitionError("an object with StartAt and States")
    return value


def _without_functions(value: Any) -> Any:
    if is_function(value):
        return rendered(value)
    if isinstance(value, dict):
        return {key: _without_functions(item) for key, item in value.items()}
    return [_without_functions(item) for item in value] if isinstance(value, list) else value


def _machines(definition: dict[str, Any], path: str, language: str) -> Iterator[Machine]:
    states = definition.get("States")
    language = str(definition.get("QueryLanguage", language))
    if is_open(states):
        return
    if isinstance(states, dict):
        states = {name: dict.fromkeys(_UNKNOWN, one) if is_open(one) else one for name, one in states.items()}
    if not isinstance(states, dict) or not states or not all(isinstance(state, dict) for state in states.values()):
        raise DefinitionError(f"States with one state or more{' in ' + path if path else ''}")
    start = definition.get("StartAt")
    found = {name: State(name, state, str(state.get("QueryLanguage", language))) for name, state in states.items()}
    yield Machine(path, "TimeoutSeconds" in definition, start if isinstance(start, str) else None, found)
    for name, state in found.items():
        inner = _objects(state.fields.get("Branches"))
        inner += [one for key in ("ItemProcessor", "Iterator") if isinstance(one := state.fields.get(key), dict)]
        for one in inner:
            yield from _machines(one, f"{path}/{name}" if path else name, language)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(resource: Resource) -> Node:
    """Return where the definition of a state machine is, without its text: findings say in words what is in it."""
    definition = resource.at("Definition")
    node = definition if definition.present else resource.at("DefinitionString")
    return Node(resource, node.path, None)


def readable_machines(resource: Resource) -> list[Machine]:
    """Return a state machine with those inside of it; none if its definition cannot be read."""
    try:
        return machines_of(resource)
    except DefinitionError:
        return []


def states_of(resource: Resource) -> Iterator[tuple[Machine, State]]:
    """Yield all states, with the machine that each is in."""
    for machine in readable_machines(resource):
        for state in machine.states.values():
            yield machine, state
