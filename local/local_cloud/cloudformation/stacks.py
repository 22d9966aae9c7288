"""Stack updates from one template to the next, and their rollback.

moto applies a change set in the template's order, forgets retention policies, does not update what depends
on a changed resource, and answers a failure with an API error. Here a deployment compares what each resource
resolves to with what it was made of, in order of dependency; a failure ends in a rollback with the reason as
an event, which is what the CDK CLI reads.

Above 200 lines: one class, whose operations share the state of an update and its rollback.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from moto.cloudformation.models import Event, Stack

from local_cloud.cloudformation import names
from local_cloud.cloudformation.dynamic_references import resolve_references
from local_cloud.cloudformation.intrinsics import resolve
from local_cloud.cloudformation.registry import Registry
from local_cloud.cloudformation.resource import Context, Resource
from local_cloud.cloudformation.resource_type import ResourceType
from local_cloud.errors import LocalCloudError

_LOG = logging.getLogger(__name__)
_SUBSTITUTION = re.compile(r"\$\{([^!}.]+)")
_STACK = "AWS::CloudFormation::Stack"


class DeploymentError(LocalCloudError):
    """A resource could not be created, updated or deleted."""


@dataclass(frozen=True)
class _Deployed:
    """A resource as it is, and what it was made of."""

    resource: Any
    definition: dict[str, Any]
    properties: dict[str, Any]


class StackDeployment:
    """One stack's way from what it is to what its template says."""

    def __init__(self, stack: Stack, registry: Registry, context: Context) -> None:
        self._stack = stack
        self._map: Any = stack.resource_map
        self._registry = registry
        self._context = context
        # moto's stack keeps the resources themselves; what they were made of is kept beside them.
        self._deployed: dict[str, _Deployed] = stack.__dict__.setdefault("deployed", {})

    def apply(self, template: dict[str, Any], parameters: dict[str, Any]) -> None:
        """Create, update and delete until the stack is as `template` says.

        Raises
        ------
        DeploymentError
            With the resource that failed and why.
        """
        definitions = template["Resources"]
        self._map._template = template
        self._map._resource_json_map = definitions
        self._map.input_parameters = parameters
        self._map.load_mapping()
        self._map.load_parameters()
        self._map.load_conditions()
        wanted = [name for name in _in_order(definitions) if self._holds(definitions[name])]
        superseded: list[tuple[str, _Deployed]] = []
        for logical_id in wanted:
            definition, before = definitions[logical_id], self._deployed.get(logical_id)
            with self._reporting(logical_id, definition["Type"], "UPDATE" if before else "CREATE"):
                if self._bring_up_to_date(logical_id, definition) and before:
                    superseded.append((logical_id, before))
        for logical_id, before in superseded:
            self._remove(logical_id, before, "UpdateReplacePolicy")
        for logical_id in [name for name in reversed(self._deployed) if name not in wanted]:
            self._remove(logical_id, self._deployed.pop(logical_id), "DeletionPolicy")
            self._map._parsed_resources.pop(logical_id, None)

    def delete(self, *, retain: bool = True) -> None:
        """Delete what the stack holds, dependants first; except what its template retains, unless told not to.

        What cannot be deleted stays, with all that it refers to.

        Raises
        ------
        DeploymentError
            With the resources that stay, and why.
        """
        failures: list[str] = []
        needed: set[str] = set()
        for logical_id in list(reversed(self._deployed)):
            deployed = self._deployed[logical_id]
            try:
                if logical_id not in needed:
                    self._remove(logical_id, deployed, "DeletionPolicy" if retain else None)
            except DeploymentError as error:
                failures.append(str(error))
                needed.add(logical_id)
            if logical_id in needed:
                needed.update(_references(deployed.definition))
                continue
            del self._deployed[logical_id]
            self._map._parsed_resources.pop(logical_id, None)
        if failures:
            raise DeploymentError("; ".join(failures))

    def attach(self) -> None:
        """Give resources that were kept what they are handled with."""
        for logical_id, deployed in self._deployed.items():
            if isinstance(deployed.resource, Resource):
                kind = self._registry.find(deployed.resource.type, logical_id)
                deployed.resource.attach(kind, self._context)

    def report(self, status: str, reason: str | None = None) -> None:
        """Record an event of the stack itself."""
        self._stack.status = status
        self._event(self._stack.name, self._stack.stack_id, _STACK, status, reason)

    def _bring_up_to_date(self, logical_id: str, definition: dict[str, Any]) -> bool:
        """Create or change one resource; return whether it took the place of another one."""
        properties = resolve(definition.get("Properties", {}), self._map)
        kind = self._registry.find(definition["Type"], logical_id)
        # Taken out and put in again, so that the order of the dictionary stays the order of dependency.
        before = self._deployed.pop(logical_id, None)
        resource, replaced = before.resource if before else None, False

        def values() -> dict[str, Any]:
            # Compared and kept are the references: a value that changes behind one updates no resource.
            found: dict[str, Any] = resolve_references(properties, definition["Type"], self._context.client)
            return found

        try:
            if before is None or before.definition["Type"] != definition["Type"]:
                resource, replaced = self._create(kind, logical_id, definition, values()), before is not None
            elif before.properties != properties:
                resource, replaced = self._update(kind, before, logical_id, definition, values())
        except BaseException:
            if before:
                self._deployed[logical_id] = before
            raise
        self._deployed[logical_id] = _Deployed(resource, definition, properties)
        self._map._parsed_resources[logical_id] = resource
        return replaced

    def _create(self, kind: Any, logical_id: str, definition: dict[str, Any], properties: dict[str, Any]) -> Any:
        if isinstance(kind, ResourceType):
            return kind.make(logical_id, kind.named(properties, self._stack.name, logical_id), self._context)
        name = properties.get(kind.cloudformation_name_type() or "")
        resource = kind.create_from_cloudformation_json(
            name or names.generate(self._stack.name, logical_id),
            {**definition, "Properties": properties},
            self._context.account,
            self._context.region,
            LogicalId=logical_id,
            StackId=self._stack.stack_id,
            ResourceType=definition["Type"],
        )
        resource.cf_resource_type = definition["Type"]
        resource.logical_resource_id = logical_id
        return resource

    def _update(
        self, kind: Any, before: _Deployed, logical_id: str, definition: dict[str, Any], properties: dict[str, Any]
    ) -> tuple[Any, bool]:
        resource = before.resource
        if isinstance(kind, ResourceType):
            return self._update_provided(kind, resource, logical_id, properties)
        if self._only_tags_changed(before, definition):
            return resource, False
        if getattr(kind.update_from_cloudformation_json, "__isabstractmethod__", False):
            return self._create(kind, logical_id, definition, properties), True
        updated = kind.update_from_cloudformation_json(
            original_resource=resource,
            new_resource_name=properties.get(kind.cloudformation_name_type() or "") or resource.physical_resource_id,
            cloudformation_json={**definition, "Properties": properties},
            account_id=self._context.account,
            region_name=self._context.region,
        )
        updated.cf_resource_type = definition["Type"]
        updated.logical_resource_id = logical_id
        return updated, False

    def _only_tags_changed(self, before: _Deployed, definition: dict[str, Any]) -> bool:
        after = resolve(definition.get("Properties", {}), self._map)
        return {**before.properties, "Tags": None} == {**after, "Tags": None}

    def _update_provided(
        self, kind: ResourceType, resource: Resource, logical_id: str, properties: dict[str, Any]
    ) -> tuple[Resource, bool]:
        named = kind.keep_name(resource, properties)
        if kind.replaces(resource.properties, named):
            # Both exist for a while: a name that was generated is generated again.
            return kind.make(logical_id, kind.named(properties, self._stack.name, logical_id), self._context), True
        if kind.recreates(resource.properties, named):
            kind.remove(resource)
            return kind.make(logical_id, named, self._context), False
        kind.check_change(resource, named)
        kind.change(resource, named)
        return resource, False

    def _remove(self, logical_id: str, deployed: _Deployed, policy: str | None) -> None:
        retained = deployed.definition.get(policy) in ("Retain", "RetainExceptOnCreate") if policy else False
        if retained:
            self._event(logical_id, _physical_id(deployed.resource), deployed.definition["Type"], "DELETE_SKIPPED")
            return
        with self._reporting(logical_id, deployed.definition["Type"], "DELETE"):
            if isinstance(deployed.resource, Resource):
                deployed.resource.kind.remove(deployed.resource)
            else:
                self._map._delete_resource(deployed.resource, deployed.definition)

    def _holds(self, definition: dict[str, Any]) -> bool:
        condition = definition.get("Condition")
        return condition is None or bool(self._map.lazy_condition_map[condition])

    @contextmanager
    def _reporting(self, logical_id: str, resource_type: str, action: str) -> Iterator[None]:
        """Record how one resource's step ended, unless it changed nothing."""
        before = self._deployed.get(logical_id)
        try:
            yield
        except Exception as error:
            _LOG.exception("%s of %s (%s) failed", action, logical_id, resource_type)
            # moto's own exceptions put their code before the message.
            reason = getattr(error, "message", None) or str(error) or type(error).__name__
            self._event(logical_id, "", resource_type, f"{action}_FAILED", reason)
            raise DeploymentError(f"{resource_type} {logical_id}: {reason}") from error
        deployed = self._deployed.get(logical_id)
        if action == "UPDATE" and before and deployed and before.properties == deployed.properties:
            return
        physical_id = _physical_id(deployed.resource) if deployed else ""
        self._event(logical_id, physical_id, resource_type, f"{action}_COMPLETE")

    def _event(
        self, logical_id: str, physical_id: str, resource_type: str, status: str, reason: str | None = None
    ) -> None:
        event = Event(
            self._stack.stack_id, self._stack.name, logical_id, physical_id, resource_type, status, reason, None
        )
        self._stack.events.append(event)


def _physical_id(resource: Any) -> str:
    return str(getattr(resource, "physical_resource_id", ""))


def _in_order(definitions: dict[str, Any]) -> list[str]:
    """Return the logical ids, each after everything that it refers to or depends on."""
    graph = {
        name: dict.fromkeys(reference for reference in _references(definition) if reference in definitions)
        for name, definition in definitions.items()
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise DeploymentError(f"circular dependency between resources: {', '.join(error.args[1])}") from None


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("Ref", "DependsOn"):
                yield from [value] if isinstance(value, str) else value
            elif key == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                yield from _SUBSTITUTION.findall(value if isinstance(value, str) else value[0])
            yield from _references(value)
