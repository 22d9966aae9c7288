"""Resource types: the calls that create, update and delete a resource, and what Ref and Fn::GetAtt return.

A type is its name and whatever neither CloudFormation's schema nor the service's model says; a subclass overrides
`make`, `change` or `remove` where the service's API does not mirror the properties.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import Shape

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.requests import to_parameter
from local_cloud.cloudformation.resource import Call, Context, Properties, Resource, Setting, fill
from local_cloud.packages import OptionalPackage

DERIVED: Any = "derived"
"""Stands where a type declares nothing, since CloudFormation's schema and the service's model say it."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A CloudFormation resource type: its name, and whatever cannot be derived.

    Parameters
    ----------
    name: str
        As in a template, `AWS::Glue::Job`.
    service: str
        boto3's name of the service; by default that of the type's name. Empty: no service stands behind it.
    create: Call | None
        Makes the resource; by default `create_` and the type's name. None: the `settings` do.
    ref: str
        What Ref returns, a format template; by default the primary identifier.
    attributes: Mapping[str, str]
        What Fn::GetAtt returns, format templates; added to the read-only properties that `create` answers.
    physical_name: PhysicalName | None
        How it is named; by default by its optional name. None: the service assigns an id.
    update: Call | None
        Changes it in place; by default `update_` and the type's name, if there is such a call. None: it is deleted
        and made again under the same name.
    immutable: frozenset[str]
        Properties whose change makes a new resource; added to the create-only ones.
    delete: Call | None
        Removes it; by default `delete_` and the type's name. None: it has nothing to remove.
    rename: Mapping[str, str]
        Properties that the API spells differently; added to those that differ by the type's name only.
    ignore: frozenset[str]
        Properties that change nothing in the local cloud.
    settings: tuple[Setting, ...]
        Properties with a call of their own, in order.
    adapt: Callable[[Properties], Properties]
        Last change to the properties before the call.
    changes: frozenset[str]
        Members of the API that neither `update` nor a setting takes, and a subclass changes in `change`.
    needs: OptionalPackage | None
        Package without which the type is refused.
    """

    name: str
    service: str = DERIVED
    create: Call | None = DERIVED
    ref: str = DERIVED
    attributes: Mapping[str, str] = field(default_factory=dict)
    physical_name: PhysicalName | None = DERIVED
    update: Call | None = DERIVED
    immutable: frozenset[str] = frozenset()
    delete: Call | None = DERIVED
    rename: Mapping[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    settings: tuple[Setting, ...] = ()
    adapt: Callable[[Properties], Properties] = lambda properties: properties
    changes: frozenset[str] = frozenset()
    needs: OptionalPackage | None = None

    def has_cfn_attr(self, attribute: str) -> bool:
        return attribute in self.attributes

    def named(self, properties: Properties, stack_name: str, logical_id: str) -> Properties:
        """Return the properties with a physical name."""
        if self.physical_name is None or _get(properties, self.physical_name.path) is not None:
            return properties
        return _set(properties, self.physical_name.path, self.physical_name.generate(stack_name, logical_id))

    def keep_name(self, resource: Resource, properties: Properties) -> Properties:
        """Return the properties with the physical name that the resource has, unless they name it."""
        if self.physical_name is None or _get(properties, self.physical_name.path) is not None:
            return properties
        return _set(properties, self.physical_name.path, _get(resource.properties, self.physical_name.path))

    def make(self, logical_id: str, properties: Properties, context: Context) -> Resource:
        """Create the resource."""
        resource = Resource(self, logical_id, properties, context)
        if self.create:
            resource.response = self._call(self.create, resource, self._body(properties))
        resource.physical_resource_id = fill(self.ref, resource.facts())
        self._apply_settings(resource, {})
        return resource

    def change(self, resource: Resource, properties: Properties) -> None:
        """Bring the resource up to date in place."""
        before, resource.properties = resource.properties, properties
        if self.update:
            body = self._body(properties)
            self._call(self.update, resource, self._accepted(self.update, resource, body))
        self._apply_settings(resource, before)

    def remove(self, resource: Resource) -> None:
        """Delete the resource."""
        if self.delete:
            self._call(self.delete, resource, {})

    def replaces(self, before: Properties, after: Properties) -> bool:
        """Whether the change makes a new resource with a new physical id."""
        fixed = [*self.immutable, *([self.physical_name.path] if self.physical_name else [])]
        return any(_get(before, path) != _get(after, path) for path in fixed)

    def recreates(self, before: Properties, after: Properties) -> bool:
        """Whether the change can be made only by deleting the resource first."""
        apart = {setting.path for setting in self.settings} | self.ignore | {"Tags"}
        changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        return self.update is None and self.create is not None and not changed <= apart

    def check_change(self, resource: Resource, properties: Properties) -> None:
        """Do nothing if each property that differs can be changed in place.

        Raises
        ------
        ValueError
            If not: a change that is lost is an error, never silence.
        """
        if self.update is None:
            return
        before, after = self._body(resource.properties), self._body(properties)
        changed = {name for name, value in after.items() if value != before.get(name)} - self.changes - {"Tags"}
        if lost := sorted(changed.difference(self._accepted(self.update, resource, after))):
            raise ValueError(f"the local cloud cannot change {', '.join(lost)} of {self.name}; replace the resource")

    def _body(self, properties: Properties) -> Properties:
        apart = {setting.path for setting in self.settings} | self.ignore
        body = {self.rename.get(name, name): value for name, value in properties.items() if name not in apart}
        return self.adapt(body)

    def _accepted(self, call: Call, resource: Resource, body: Properties) -> Properties:
        """Leave out what the update call does not take: it has been refused at creation or cannot change."""
        members = {member.lower() for member in self._shape(call, resource).members}
        return {name: value for name, value in body.items() if name.lower() in members}

    def _apply_settings(self, resource: Resource, before: Properties) -> None:
        for setting in self.settings:
            value = resource.properties.get(setting.path)
            if value is not None and value != before.get(setting.path):
                body = setting.adapt(value)
                for each in body if isinstance(body, list) and not setting.call.argument else [body]:
                    self._call(setting.call, resource, each)

    def _shape(self, call: Call, resource: Resource) -> Shape:
        client = resource.context.client(self.service)
        operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[call.operation])
        return operation.input_shape.members[call.argument] if call.argument else operation.input_shape

    def _call(self, call: Call, resource: Resource, body: Any) -> dict[str, Any]:
        request = fill(dict(call.parameters), resource.facts())
        if call.argument or body:
            body = to_parameter(body, self._shape(call, resource), self.name)
            request |= {call.argument: body} if call.argument else body
        response: dict[str, Any] = getattr(resource.context.client(self.service), call.operation)(**request)
        return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def _get(properties: Mapping[str, Any], path: str) -> Any:
    head, _, rest = path.partition(".")
    value = properties.get(head)
    return _get(value, rest) if rest and isinstance(value, Mapping) else value


def _set(properties: Mapping[str, Any], path: str, value: Any) -> Properties:
    head, _, rest = path.partition(".")
    return {**properties, head: _set(properties.get(head, {}), rest, value) if rest else value}
