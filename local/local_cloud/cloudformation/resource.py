"""Resource types: the calls that create, update and delete them, and the values of Ref and Fn::GetAtt.

A type is data wherever the service's API mirrors its properties, which is nearly everywhere; a subclass
overrides `create`, `update` or `delete` where it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import Shape
from moto.cloudformation.exceptions import ValidationError

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.requests import to_parameter

Properties = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where a stack lives, and how to call the services there."""

    client: Callable[[str], Any]
    account: str
    region: str
    partition: str


@dataclass(frozen=True)
class Call:
    """One call to a service.

    Parameters
    ----------
    operation: str
        Name of the boto3 method.
    parameters: Mapping[str, Any]
        Parameters beside the properties; a string is a format template over `Resource.facts`.
    argument: str | None
        Parameter that takes the properties; None: they are parameters themselves.
    """

    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    argument: str | None = None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A property that the API takes in a call of its own, `adapt`ed where the two spell it differently."""

    path: str
    call: Call
    adapt: Callable[[Any], Any] = lambda value: value


class Resource:
    """A resource of a deployed stack, as moto's CloudFormation wants to see it."""

    def __init__(self, kind: ResourceType, logical_id: str, properties: Properties, context: Context) -> None:
        self.kind = kind
        self.logical_resource_id = logical_id
        self.cf_resource_type = kind.name
        self.type = kind.name
        self.properties = properties
        self.response: dict[str, Any] = {}
        self.context = context
        self.physical_resource_id = logical_id

    def facts(self) -> dict[str, Any]:
        """Everything that a format template may name."""
        return {
            **self.properties,
            **self.response,
            "id": self.physical_resource_id,
            "account": self.context.account,
            "region": self.context.region,
            "partition": self.context.partition,
        }

    def get_cfn_attribute(self, attribute: str) -> Any:
        if attribute not in self.kind.attributes:
            raise ValidationError(
                message=f"Fn::GetAtt: the local cloud knows no attribute {attribute} of {self.kind.name}; "
                f"known: {', '.join(sorted(self.kind.attributes)) or 'none'}"
            )
        return fill(self.kind.attributes[attribute], self.facts())

    def is_created(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """A CloudFormation resource type.

    Parameters
    ----------
    name: str
        As in a template, `AWS::Glue::Job`.
    service: str
        boto3's name of the service.
    create: Call | None
        Makes the resource; None: the `settings` do.
    ref: str
        What Ref returns, a format template.
    attributes: Mapping[str, str]
        What Fn::GetAtt returns, format templates.
    physical_name: PhysicalName | None
        How it is named; None: the service assigns an id.
    update: Call | None
        Changes it in place; None: it is deleted and made again under the same name.
    immutable: frozenset[str]
        Properties whose change makes a new resource, besides its name.
    delete: Call | None
        Removes it; None: it has nothing to remove.
    rename: Mapping[str, str]
        Properties that the API spells differently.
    ignore: frozenset[str]
        Properties that change nothing in the local cloud.
    settings: tuple[Setting, ...]
        Properties with a call of their own, in order.
    adapt: Callable[[Properties], Properties]
        Last change to the properties before the call.
    """

    name: str
    service: str = ""
    create: Call | None = None
    ref: str = "{id}"
    attributes: Mapping[str, str] = field(default_factory=dict)
    physical_name: PhysicalName | None = None
    update: Call | None = None
    immutable: frozenset[str] = frozenset()
    delete: Call | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()
    settings: tuple[Setting, ...] = ()
    adapt: Callable[[Properties], Properties] = lambda properties: properties

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


def fill(template: Any, facts: Mapping[str, Any]) -> Any:
    """Fill the format templates within `template`."""
    if isinstance(template, str):
        return template.format_map(facts)
    if isinstance(template, Mapping):
        return {key: fill(value, facts) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, facts) for value in template]
    return template


def _get(properties: Mapping[str, Any], path: str) -> Any:
    head, _, rest = path.partition(".")
    value = properties.get(head)
    return _get(value, rest) if rest and isinstance(value, Mapping) else value


def _set(properties: Mapping[str, Any], path: str, value: Any) -> Properties:
    head, _, rest = path.partition(".")
    return {**properties, head: _set(properties.get(head, {}), rest, value) if rest else value}
