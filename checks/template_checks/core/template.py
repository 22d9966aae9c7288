"""A template as rules read it: resources, values at paths, and what refers to what.

Above 200 lines: one template with its nodes, which are nothing without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from template_checks.core.intrinsics import Scope, is_function, referenced, rendered
from template_checks.core.once import once

# Types whose attributes are not only about themselves.
_ABOUT_OTHERS: Final = ("AWS::CloudFormation::", "AWS::SSM::", "Custom::")


@dataclass(frozen=True, eq=False)
class Node:
    """A value in a resource, which may be absent, or known only to CloudFormation.

    It is hidden if something above it is known only to CloudFormation, which then stands for it: whether it is there,
    nobody can tell.
    """

    resource: Resource
    path: str
    value: Any
    hidden: bool = False

    def at(self, path: str) -> Node:
        """Return the value at a dotted path below this one; absent where the path ends early."""
        value, hidden = self.value, self.hidden
        for key in path.split("."):
            if is_function(value):
                hidden = True
                break
            value = _item(value, key)
        return Node(self.resource, f"{self.path}.{path}" if self.path else path, value, hidden)

    def every(self, key: str) -> Iterator[Node]:
        """Yield the values of a key at any depth."""
        for child in self.children():
            if child.path.rpartition(".")[2] == key:
                yield child
            yield from child.every(key)

    def children(self) -> Iterator[Node]:
        """Yield what an object or a list holds; nothing of what only CloudFormation knows."""
        if isinstance(self.value, dict) and not is_function(self.value):
            for key, item in self.value.items():
                yield Node(self.resource, f"{self.path}.{key}" if self.path else str(key), item)
        elif isinstance(self.value, list):
            for index, item in enumerate(self.value):
                yield Node(self.resource, f"{self.path}.{index}" if self.path else str(index), item)

    def items(self) -> list[Node]:
        """Return the elements of a list; a single value counts as a list of it, as in IAM policies."""
        if self.value is None:
            return []
        return list(self.children()) if isinstance(self.value, list) else [self]

    @property
    def present(self) -> bool:
        return self.value is not None

    @property
    def given(self) -> bool:
        """Whether the value is there for sure, be it known or not."""
        return self.present and not self.hidden

    @property
    def known(self) -> bool:
        """Whether the template tells the value."""
        return self.present and not is_function(self.value)

    @property
    def unknown(self) -> bool:
        """Whether only CloudFormation knows the value."""
        return self.present and is_function(self.value)

    @property
    def text(self) -> str | None:
        """The value if it is known text; numbers count, as CloudFormation converts them."""
        return rendered(self.value) if isinstance(self.value, str | int | float) else None

    @property
    def number(self) -> float | None:
        """The value if it is a known number; numbers in text count, as CloudFormation converts them."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int | float):
            return None
        try:
            return float(self.value)
        except ValueError:
            return None

    @property
    def flag(self) -> bool | None:
        """The value if it is known to be true or false."""
        return {"true": True, "false": False}.get(self.text.lower()) if self.text else None

    @property
    def rendered(self) -> str:
        """The value as text with `${holes}`; empty if it is absent."""
        return rendered(self.value) if self.present else ""

    @property
    def target(self) -> Resource | None:
        """The resource that the value refers to, also in another stack of the app."""
        return self.resource.template.find(self.value)


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource of a template."""

    template: Template
    logical_id: str
    document: Mapping[str, Any]
    facts: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def kind(self) -> str:
        """The CloudFormation type."""
        return str(self.document.get("Type", ""))

    @property
    def properties(self) -> Node:
        return Node(self, "Properties", self.document.get("Properties") or {})

    @property
    def address(self) -> tuple[str, str]:
        """The stack and the logical id, which are the same in every case of the template's conditions."""
        return self.template.name, self.logical_id

    def at(self, path: str) -> Node:
        """Return the property at a dotted path; absent where the path ends early."""
        return self.properties.at(path)

    def attribute(self, name: str) -> Node:
        """Return what stands beside the properties, such as the `DeletionPolicy`."""
        return Node(self, name, self.document.get(name))

    @cached_property
    def mentions(self) -> frozenset[str]:
        """The logical ids of the resources that this one refers to or depends on."""
        depends_on = self.document.get("DependsOn") or []
        named = {str(name) for name in (depends_on if isinstance(depends_on, list) else [depends_on])}
        named |= set(referenced(self.document.get("Properties")))
        return frozenset(named & self.template.resources.keys())


class Template:
    """A template in one case of its conditions, beside the other templates of its app."""

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        scope: Scope | None = None,
        siblings: Mapping[str, Template] | None = None,
        name: str = "",
    ) -> None:
        scope = scope or Scope()
        self.name = name
        # Filled by the caller while templates are made of one another: an empty one is theirs too.
        self.siblings = {} if siblings is None else siblings
        self.parameters: Mapping[str, Any] = document.get("Parameters") or {}
        self.declared: frozenset[str] = frozenset(document.get("Resources") or ())
        # A transform, such as that of language extensions, adds resources that nobody sees here.
        self.transformed = "Transform" in document
        self.resources: dict[str, Resource] = {
            logical_id: Resource(self, logical_id, scope.evaluate(resource))
            for logical_id, resource in (document.get("Resources") or {}).items()
            if isinstance(resource, dict) and scope.conditions.get(str(resource.get("Condition")), True)
        }
        self.facts: dict[Any, Any] = {}
        self._reachable: dict[str, frozenset[str]] = {}
        self.outputs: dict[str, Any] = scope.evaluate(document.get("Outputs") or {})

    @cached_property
    def exports(self) -> dict[str, Any]:
        """Exports that other stacks may import, by their names."""
        return {
            rendered((output.get("Export") or {}).get("Name")): _value(output)
            for output in self.outputs.values()
            if isinstance(output, dict)
        }

    def of_type(self, *kinds: str) -> Iterator[Resource]:
        """Yield the resources of some types, one type after the other, each in the template's order."""
        for kind in dict.fromkeys(kinds):
            yield from self._by_type.get(kind, ())

    def everywhere_of_type(self, *kinds: str) -> Iterator[Resource]:
        """Yield the resources of some types in this template and in the other templates of the app."""
        for template in self.app:
            yield from template.of_type(*kinds)

    @property
    def everywhere(self) -> Iterator[Resource]:
        """The resources of this template and of the other templates of the app."""
        for template in self.app:
            yield from template.resources.values()

    @cached_property
    def app(self) -> list[Template]:
        """The template itself and the other templates of its app."""
        return [self, *(one for one in self.siblings.values() if one is not self)]

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        # Rules ask for types once for each resource: to walk the whole app each time took most of a large lake's check.
        found: dict[str, list[Resource]] = {}
        for resource in self.resources.values():
            found.setdefault(resource.kind, []).append(resource)
        return found

    def find(self, value: Any) -> Resource | None:
        """Return the only resource that a value refers to, in whichever stack of the app it is.

        A value of a custom resource, of a nested stack or of a parameter of SSM may be about any other resource.
        """
        match value:
            case {"Fn::GetStackOutput": {"StackName": str(stack), "OutputName": str(output)}}:
                there = self.siblings.get(stack)
                return there.find(_value(there.outputs.get(output))) if there else None
            case {"Fn::ImportValue": name}:
                return self._imported(rendered(name))
            case {"Fn::Join": [_, [*parts]]}:
                several = {one for part in parts if is_function(part) and (one := self.find(part))}
                return several.pop() if len(several) == 1 else None
        names = [name for name in referenced(value) if name in self.resources] if is_function(value) else []
        found = self.resources[names[0]] if len(names) == 1 else None
        return None if found is None or found.kind.startswith(_ABOUT_OTHERS) else found

    def reachable(self, logical_id: str) -> frozenset[str]:
        """Return the logical ids of all that a resource needs, at one or more removes."""
        if logical_id in self._reachable:
            return self._reachable[logical_id]
        found: set[str] = set()
        ahead = [logical_id]
        while ahead:
            new = self.resources[ahead.pop()].mentions - found
            found |= new
            ahead += new
        return self._reachable.setdefault(logical_id, frozenset(found))

    def _imported(self, name: str) -> Resource | None:
        template = _exporting(self).get(name)
        return template.find(template.exports[name]) if template else None


@once
def _exporting(template: Template) -> dict[str, Template]:
    """Return the templates of an app by what they export; of two that export a name, the first."""
    return {name: one for one in reversed([*template.siblings.values()]) for name in one.exports}


def _item(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return value[int(key)] if key.isdecimal() and int(key) < len(value) else None
    return value.get(key) if isinstance(value, dict) else None


def _value(output: Any) -> Any:
    return output.get("Value") if isinstance(output, dict) else None
