"""Resource types derived from CloudFormation's resource schemas and botocore's service models.

cfn-lint, which moto needs as well, carries the schemas. A type is completed when a template first uses it, since a
schema and a service model take up to a second to read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import boto3
from botocore import xform_name
from botocore.model import OperationModel, StructureShape
from moto.core.utils import get_service_model

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import DERIVED, ResourceType
from local_cloud.errors import LocalCloudError

# The one region in which every type exists.
_REGION = "us-east-1"
_DEPTH = 3


def complete(kind: ResourceType) -> ResourceType:
    """Return the type with everything derived that it does not declare.

    Raises
    ------
    LocalCloudError
        If something can be neither derived nor is declared.
    """
    if not kind.service:
        plain: dict[str, Any] = {"create": None, "update": None, "delete": None, "ref": "{id}", "physical_name": None}
        return dataclasses.replace(kind, **{n: v for n, v in plain.items() if getattr(kind, n) is DERIVED})
    # In this order, because each builds on those before it.
    for field, derive in _DERIVATIONS.items():
        if getattr(kind, field) is DERIVED:
            found: dict[str, Any] = {field: derive(kind)}
            kind = dataclasses.replace(kind, **found)
    immutable = frozenset(path for path in _paths(kind, "createOnlyProperties") if "*" not in path)
    return dataclasses.replace(
        kind,
        immutable=(kind.immutable | immutable) - kind.ignore,
        attributes={**_answered(kind), **kind.attributes},
        rename={**_renamed(kind), **kind.rename},
    )


@cache
def schema_of(type_name: str) -> Mapping[str, Any]:
    """Return the CloudFormation schema of a resource type."""
    # Importing it takes half a second, which a cloud without deployments need not wait for.
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415

    schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, type_name).schema
    return schema


def _service(kind: ResourceType) -> str:
    wanted = kind.name.split("::")[1].lower()
    for service in boto3.Session().get_available_services():
        if service.replace("-", "") == wanted:
            return str(service)
    raise LocalCloudError(f"{kind.name}: botocore has no service {wanted}; declare 'service'")


def _create(kind: ResourceType) -> Call:
    return _required(kind, "create")


def _delete(kind: ResourceType) -> Call:
    return _required(kind, "delete")


def _required(kind: ResourceType, verb: str) -> Call:
    call = _call(kind, verb)
    if call is None:
        raise LocalCloudError(f"{kind.name}: {kind.service} has no {verb}_{_noun(kind)}; declare '{verb}'")
    return call


def _call(kind: ResourceType, verb: str) -> Call | None:
    """Return the call named after the type, with what it requires and the properties do not hold taken from the id."""
    operation = f"{verb}_{_noun(kind)}"
    model = _operation(kind, operation)
    if model is None:
        return None
    if verb == "create":
        return Call(operation)
    given = set(schema_of(kind.name)["properties"]).difference(_paths(kind, "readOnlyProperties"))
    properties = {name.lower(): name for name in given}
    required = model.input_shape.required_members if model.input_shape else []
    missing = [name for name in required if name.lower() not in properties]
    if len(missing) > 1:
        raise LocalCloudError(f"{kind.name}: {operation} needs {', '.join(missing)}; declare '{verb}'")
    parameters = dict.fromkeys(missing, "{id}")
    if verb == "delete":
        parameters |= {m: f"{{{properties[m.lower()]}}}" for m in required if m.lower() in properties}
    return Call(operation, parameters)


def _physical_name(kind: ResourceType) -> PhysicalName | None:
    """Return how an optional name that cannot change is generated."""
    schema, noun = schema_of(kind.name), kind.name.rpartition("::")[2]
    optional = [path for path in _paths(kind, "createOnlyProperties") if path not in schema.get("required", ())]
    names = [path for path in optional if path == "Name" or (path[-4:] == "Name" and noun.endswith(path[:-4]))]
    if not names:
        return None
    length = schema["properties"][names[0]].get("maxLength")
    return PhysicalName(path=names[0], length=length) if length else PhysicalName(path=names[0])


def _ref(kind: ResourceType) -> str:
    """Return the primary identifier: CloudFormation's own answer, save for what predates its schemas."""
    identifier = _paths(kind, "primaryIdentifier")
    if len(identifier) > 1:
        raise LocalCloudError(f"{kind.name} is identified by {', '.join(identifier)} together; declare 'ref'")
    if identifier[0] not in _paths(kind, "readOnlyProperties"):
        return _template(identifier[0].split("."))
    try:
        return _answered(kind)[identifier[0]]
    except KeyError:
        raise LocalCloudError(f"{kind.name}: no answer of its API holds {identifier[0]}; declare 'ref'") from None


def _answered(kind: ResourceType) -> dict[str, str]:
    """Return where the answer to the creation holds each of the type's read-only properties."""
    model = _operation(kind, kind.create.operation) if kind.create else None
    if model is None or model.output_shape is None:
        return {}
    noun = kind.name.rpartition("::")[2]
    found = {path: _find(model.output_shape, path.split("."), noun) for path in _paths(kind, "readOnlyProperties")}
    return {path: _template(place) for path, place in found.items() if place}


def _find(output: StructureShape, path: list[str], noun: str) -> list[str] | None:
    spellings = {".".join(path).lower(), *([f"{noun}{path[0]}".lower()] if len(path) == 1 else [])}
    for place in _scalars(output):
        if spellings & {".".join(place).lower(), "".join(place).lower(), ".".join(place[1:]).lower()}:
            return place
    return None


def _scalars(shape: StructureShape, place: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Yield the members of an answer, those of a structure only where it is the one thing that the answer holds."""
    structures = [name for name, member in shape.members.items() if member.type_name == "structure"]
    for name, member in shape.members.items():
        if member.type_name not in ("structure", "list", "map"):
            yield [*place, name]
        elif name in structures and len(place) < _DEPTH and (place or len(structures) == 1):
            yield from _scalars(member, (*place, name))


def _renamed(kind: ResourceType) -> dict[str, str]:
    """Return the properties that the API spells with the type's name before them, or without it."""
    model = _operation(kind, kind.create.operation) if kind.create and not kind.create.argument else None
    shape, noun = model.input_shape if model else None, kind.name.rpartition("::")[2]
    members = {name.lower(): name for name in (shape.members if shape else ())}
    return {
        name: members[spelling]
        for name in schema_of(kind.name)["properties"]
        if name.lower() not in members
        for spelling in (f"{noun}{name}".lower(), name.removeprefix(noun).lower())
        if spelling in members
    }


def _paths(kind: ResourceType, section: str) -> list[str]:
    paths = schema_of(kind.name).get(section, ())
    return [path.removeprefix("/properties/").replace("/", ".") for path in paths]


def _template(path: list[str]) -> str:
    return f"{{{path[0]}{''.join(f'[{name}]' for name in path[1:])}}}"


def _noun(kind: ResourceType) -> str:
    return str(xform_name(kind.name.rpartition("::")[2]))


def _operation(kind: ResourceType, method: str) -> OperationModel | None:
    model = get_service_model(kind.service)
    found = next((name for name in model.operation_names if xform_name(name) == method), None)
    return model.operation_model(found) if found else None


_DERIVATIONS = {
    "service": _service,
    "create": _create,
    "update": lambda kind: _call(kind, "update"),
    "delete": _delete,
    "physical_name": _physical_name,
    "ref": _ref,
}
