"""Limits of the services' own models for properties about which CloudFormation's schemas are silent.

A property of a type is a member of the operation that creates it only if name and type agree all the way down from the
top; the schemas are those that cfn-lint reads, with its patches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.session import Session
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

# What a lake and its neighbours are made of, in CloudFormation's names; botocore's, where they are not spelled alike.
_TYPES: Final = """
    APS AppConfig AppFlow Athena Backup Batch Bedrock Budgets CloudTrail CloudWatch CodeBuild Config DAX DMS DataBrew
    DataSync DataZone DocDB DynamoDB EC2 ECR ECS EFS EKS EMR EMRContainers EMRServerless ElastiCache EntityResolution
    Events FSx FIS Glue IAM IoT KMS KafkaConnect Kinesis KinesisAnalyticsV2 KinesisFirehose LakeFormation Lambda Logs
    MSK MWAA MemoryDB Neptune OSIS OpenSearchServerless OpenSearchService Pipes QuickSight RAM RDS Redshift
    RedshiftServerless S3 S3Tables S3Vectors SNS SQS SSM SageMaker Scheduler SecretsManager StepFunctions Timestream
    Transfer XRay
"""
_SERVICES: Final = {
    "APS": "amp",
    "KinesisFirehose": "firehose",
    "MSK": "kafka",
    "OpenSearchService": "opensearch",
    "Timestream": "timestream-influxdb",
}
_OPERATIONS: Final = {
    "AWS::CloudWatch::Alarm": "PutMetricAlarm",
    "AWS::CloudWatch::CompositeAlarm": "PutCompositeAlarm",
    "AWS::DMS::EventSubscription": "CreateEventSubscription",
    "AWS::EMR::Cluster": "RunJobFlow",
    "AWS::Lambda::Permission": "AddPermission",
    "AWS::LakeFormation::PrincipalPermissions": "GrantPermissions",
    "AWS::LakeFormation::Resource": "RegisterResource",
    "AWS::Events::Rule": "PutRule",
    "AWS::Kinesis::StreamConsumer": "RegisterStreamConsumer",
}
# Lists of values that grow with every launch of AWS are no ground to refuse a value.
_MOST_VALUES: Final = 60
_GROWING: Final = re.compile(
    r"(instance|node|worker|compute).*type|region|version|runtime|locale|language|tls", re.IGNORECASE
)
# The constructs of regular expressions that Python and the services read alike.
_OTHER_DIALECT: Final = re.compile(r"\\[pPuxQEGZzhRX]|\[\[:|&&|\(\?[^:=!]|[*+?}]\+|arn")
_NUMBERS: Final = {"integer", "long", "float", "double"}
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
# A bound of the integer's own size is none.
_LARGEST: Final = 2**31 - 1


def model_table() -> dict[str, Any]:
    """Return by type and path the values, patterns, lengths, ranges and members that the service demands."""
    found: dict[str, Any] = {}
    session = Session()
    services = {name.replace("-", ""): name for name in session.get_available_services()}
    schemas = PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")
    for kind in sorted(schemas):
        _, service, name = kind.split("::") if kind.count("::") == 2 else ("", "", "")
        if service not in _TYPES.split():
            continue
        model = session.get_service_model(_SERVICES.get(service) or services[service.lower()])
        operation = _operation(kind, name, model)
        if operation is None or operation.input_shape is None:
            continue
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        constraints = dict(_constraints(_Schema(schema), operation.input_shape))
        if constraints:
            found[kind] = constraints
    return found


def _operation(kind: str, name: str, model: ServiceModel) -> Any:
    names = [_OPERATIONS[kind]] if kind in _OPERATIONS else [f"{verb}{name}" for verb in ("Create", "Put", "Register")]
    return next((model.operation_model(one) for one in names if one in model.operation_names), None)


class _Schema:
    """A schema of a property, with its references followed."""

    def __init__(self, root: Mapping[str, Any], part: Mapping[str, Any] | None = None) -> None:
        self._root = root
        self.part = dict(root if part is None else part)
        while (reference := self.part.get("$ref", "")).startswith("#/"):
            target: Any = root
            for key in reference.removeprefix("#/").split("/"):
                target = target[key]
            self.part = {**target, **{key: value for key, value in self.part.items() if key != "$ref"}}

    def below(self, part: Any) -> _Schema:
        return _Schema(self._root, part)

    @property
    def members(self) -> dict[str, _Schema]:
        return {name: self.below(one) for name, one in (self.part.get("properties") or {}).items()}

    @property
    def types(self) -> set[str]:
        kind = self.part.get("type", [])
        return {kind} if isinstance(kind, str) else set(kind)

    def says(self, *keys: str) -> bool:
        """Whether the schema, or one of its alternatives, limits a value itself."""
        given = (*keys, "enum", "const", "oneOf", "anyOf", "allOf", "enumCaseInsensitive", "not", "if")
        return any(key in self.part for key in given)


def _constraints(schema: _Schema, shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    assert isinstance(shape, StructureShape)
    yield from _of_members(schema, shape, "", ())


def _of_members(
    schema: _Schema, shape: StructureShape, path: str, above: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    members = schema.members
    names = {_first_upper(name): member for name, member in shape.members.items()}
    spelled = {_first_upper(name): name for name in members}
    if path and not (schema.says() or set(schema.part.get("required", ())) or "dependencies" in schema.part):
        required = [spelled[upper] for one in shape.required_members if (upper := _first_upper(one)) in spelled]
        if path.endswith("Input") and "Name" in required:
            # CloudFormation gives it a name of its own.
            required.remove("Name")
        # The whole structure must be the same, or the schema may spell out what the service demands in another way.
        if required and spelled.keys() <= names.keys():
            yield path, {"required": sorted(required)}
    for name, part in members.items():
        member = names.get(_first_upper(name))
        if member is not None and member.name not in above:
            yield from _of_value(part, member, f"{path}.{name}" if path else name, above)


def _of_value(schema: _Schema, shape: Shape, path: str, above: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    above = (*above, shape.name)
    types, limits = schema.types, shape.metadata
    if isinstance(shape, StructureShape) and "object" in types and schema.members:
        yield from _of_members(schema, shape, path, above)
    elif isinstance(shape, ListShape) and "array" in types:
        if not schema.says("minItems", "maxItems"):
            yield from _range(path, "items", limits)
        yield from _of_value(schema.below(schema.part.get("items") or {}), shape.member, f"{path}.*", above)
    elif isinstance(shape, MapShape):
        return
    elif shape.type_name == "string" and types == {"string"}:
        yield from _of_text(schema, shape, path)
    elif shape.type_name in _NUMBERS and types and types <= {"integer", "number"} and not schema.says(*_BOUNDS):
        yield from _range(path, "range", limits)


def _of_text(schema: _Schema, shape: Shape, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    limits, name = shape.metadata, path.rpartition(".")[2]
    if "enum" in limits:
        if (
            not schema.says("pattern")
            and len(limits["enum"]) <= _MOST_VALUES
            and not _GROWING.search(path + shape.name)
        ):
            yield path, {"values": list(limits["enum"])}
        return
    found: dict[str, Any] = {}
    if not schema.says("pattern", "format") and (pattern := _pattern(limits.get("pattern", ""))):
        found["pattern"] = pattern
    if not schema.says("minLength", "maxLength", "format") and not name.endswith("Policy"):
        for _, one in _range(path, "length", limits):
            found |= one
    if found:
        yield path, found


def _range(path: str, kind: str, limits: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    least, most = limits.get("min"), limits.get("max")
    if most is not None and most >= _LARGEST:
        most = None
    if least is not None or most is not None:
        yield path, {kind: [least, most]}


def _pattern(pattern: str) -> str:
    """Return a pattern that Python reads as the services do; nothing if it may not, or if it takes everything."""
    if not pattern or _OTHER_DIALECT.search(pattern):
        return ""
    try:
        expression = re.compile(pattern)
    except re.error:
        return ""
    takes_everything = all(expression.fullmatch(one) for one in ("a", "A b-c_d.e/f:g", "1", "é ü"))
    return "" if takes_everything else pattern


def _first_upper(name: str) -> str:
    return name[:1].upper() + name[1:]
