"""Resources of deployed stacks, and the calls that make and change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.cloudformation.exceptions import ValidationError

if TYPE_CHECKING:
    from local_cloud.cloudformation.resource_type import ResourceType

Properties = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Context:
    """Account and Region of a stack, and clients of the services there."""

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

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what each cloud has of its own; `attach` gives it back."""
        return {name: value for name, value in self.__dict__.items() if name not in ("kind", "context")}

    def attach(self, kind: ResourceType, context: Context) -> None:
        self.kind, self.context = kind, context

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
        try:
            return fill(self.kind.attributes[attribute], self.facts())
        except KeyError:
            raise ValidationError(
                message=f"Fn::GetAtt: this {self.kind.name} has no {attribute}, or the local cloud does not know it"
            ) from None

    def is_created(self) -> bool:
        return True


def fill(template: Any, facts: Mapping[str, Any]) -> Any:
    """Fill the format templates within `template`."""
    if isinstance(template, str):
        return template.format_map(facts)
    if isinstance(template, Mapping):
        return {key: fill(value, facts) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, facts) for value in template]
    return template
