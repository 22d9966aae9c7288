"""Apache Iceberg tables of the Glue catalog: their files, their metadata and their optimizers.

Above 200 lines: one rule after the other, each with its words and its source.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from template_checks.core.intrinsics import rendered
from template_checks.core.once import once
from template_checks.core.policies import may
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource, Template
from template_checks.core.values import at_least, matching, within
from template_checks.limits import glue as limits

TABLE: Final = "AWS::Glue::Table"
OPTIMIZER: Final = "AWS::Glue::TableOptimizer"
_BUCKET: Final = "AWS::S3::Bucket"
_SPEC: Final = "https://iceberg.apache.org/spec"
_OPTIMIZERS: Final = "https://docs.aws.amazon.com/glue/latest/dg/optimization-prerequisites.html"
_INPUT: Final = "OpenTableFormatInput.IcebergInput.IcebergTableInput"
_ARCHIVES: Final = ("GLACIER", "DEEP_ARCHIVE")
_NEEDS: Final = ("glue:GetTable", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket")
_REWRITES: Final = ("glue:UpdateTable", "s3:PutObject")
_TRANSFORM: Final = r"identity|void|year|month|day|hour|bucket\[[1-9]\d*\]|truncate\[[1-9]\d*\]"
_FIRST_PARTITION_ID: Final = 1000


@rule(
    "LAKE-ICEBERG-001",
    _BUCKET,
    title="Files of an Iceberg table stay until no snapshot names them",
    fix="limit the lifecycle rule to other prefixes; delete old rows by a query, and files by snapshot retention",
    source=f"{_SPEC}/#snapshots",
)
def lifecycle(bucket: Resource) -> Iterator[Violation]:
    """A snapshot names files of any age: without one of them, or with one in an archive, queries fail."""
    tables = [(one, place) for one in _tables(bucket) if (place := _place(one)) and place[0] == bucket.address]
    for one in bucket.at("LifecycleConfiguration.Rules").items() if tables else ():
        status, below = one.at("Status"), one.at("Prefix")
        if status.text == "Disabled" or status.unknown or below.unknown or one.at("TagFilters").items():
            continue
        prefix = below.text or ""
        for table, (_, location) in tables:
            if not (prefix.startswith(location) or location.startswith(prefix)):
                continue
            for node in _ends(one):
                allowed = f"no expiration or archive at '{location}', where Iceberg table {table.logical_id} lies"
                yield Violation(at=node, allowed=allowed)


@rule(
    "LAKE-ICEBERG-002",
    TABLE,
    title="An Iceberg table has its location to itself",
    fix="give each table a location that does not lie within another's",
    source="https://docs.aws.amazon.com/glue/latest/dg/enable-orphan-file-deletion.html",
)
def location(table: Resource) -> Iterator[Violation]:
    """Deletion of orphan files deletes those of a table below, and a table above reads those of this one as its own."""
    node, place = _location(table), _place(table)
    if not _is_iceberg(table) or place is None:
        return
    bucket, key = place
    for template in table.template.app:
        for other, there in _keys(template).get(bucket, ()):
            # Of two Iceberg tables, the one above is at fault; of two at one place, the first.
            within_this = there.startswith(key) and (there != key or table.address < other.address)
            above = key.startswith(there) and not _is_iceberg(other)
            if (within_this or above) and other.address != table.address:
                yield Violation(at=node, allowed=f"a location apart from that of {other.logical_id}, '{there}'")


@rule(
    "LAKE-ICEBERG-003",
    TABLE,
    title="An Iceberg table is described in OpenTableFormatInput alone",
    fix="move the columns to IcebergTableInput, the name to Name, and remove TableInput",
    source="https://github.com/aws/aws-cdk/issues/29660",
)
def one_description(table: Resource) -> Iterator[Violation]:
    """Glue refuses both, or the first update takes away `table_type`: HIVE_UNSUPPORTED_FORMAT on every query."""
    given = table.at("TableInput")
    if table.at("OpenTableFormatInput").present and given.present:
        yield Violation(at=given, found="set", allowed="nothing beside OpenTableFormatInput")


@rule(
    "LAKE-ICEBERG-004",
    OPTIMIZER,
    title="The role of a table optimizer may do its work",
    fix="allow the action on the table's entry or on its files",
    source=_OPTIMIZERS,
)
def optimizer_role(optimizer: Resource) -> Iterator[Violation]:
    """The optimizer is created, and each of its runs fails."""
    node = optimizer.at("TableOptimizerConfiguration.RoleArn")
    role = node.target
    if role is None or role.kind != "AWS::IAM::Role":
        return
    kind = optimizer.at("Type")
    needs = _NEEDS if kind.text == "orphan_file_deletion" or kind.unknown else (*_NEEDS, *_REWRITES)
    for action in needs:
        if not may(role, action):
            yield Violation(
                at=node, found=f"{role.logical_id}, which may not {action}", allowed=f"a role with {action}"
            )


@rule(
    "LAKE-ICEBERG-005",
    OPTIMIZER,
    title="A table optimizer is configured for its type",
    fix="set the configuration of the type, and numbers of 1 or more",
    source="https://docs.aws.amazon.com/glue/latest/webapi/API_TableOptimizerConfiguration.html",
)
def optimizer_configuration(optimizer: Resource) -> Iterator[Violation]:
    """Glue refuses the optimizer, or ignores what is meant for another one."""
    own = {
        "compaction": "CompactionConfiguration",
        "retention": "RetentionConfiguration",
        "orphan_file_deletion": "OrphanFileDeletionConfiguration",
    }
    kind = optimizer.at("Type").text
    for other, name in own.items():
        node = optimizer.at(f"TableOptimizerConfiguration.{name}")
        if kind in own and kind != other and node.given:
            yield Violation(at=node, found="set", allowed=f"{own[kind]} in an optimizer of type {kind}")
    for limit in (
        limits.COMPACTION_FILES,
        limits.COMPACTION_DELETES,
        limits.SNAPSHOT_DAYS,
        limits.SNAPSHOTS,
        limits.ORPHAN_FILE_DAYS,
    ):
        yield from within(optimizer.at(limit.path), limit)


@rule(
    "LAKE-ICEBERG-006",
    TABLE,
    title="Field ids of an Iceberg table are its columns'",
    fix="give each column an id of its own, and name these in PartitionSpec, WriteOrder and IdentifierFieldIds",
    source=f"{_SPEC}/#schemas",
)
def field_ids(table: Resource) -> Iterator[Violation]:
    """Glue refuses the table, or engines read one column's values as another's."""
    described = table.at(_INPUT)
    yield from misplaced_ids(
        described.at("Schema.Fields").items(),
        partitions=described.at("PartitionSpec.Fields").items(),
        orders=described.at("WriteOrder.Fields").items(),
        identifiers=described.at("Schema.IdentifierFieldIds").items(),
    )


def misplaced_ids(
    columns: list[Node], *, partitions: list[Node], orders: list[Node], identifiers: list[Node]
) -> Iterator[Violation]:
    """Refuse ids of fields that are no column's or are given twice, and transforms that Iceberg does not have."""
    numbers = [field.at("Id").number for field in columns]
    if not columns or None in numbers:
        return
    for field in columns:
        yield from at_least(field.at("Id"), 1)
    yield from _repeated([field.at("Id") for field in columns])
    known = [*numbers, *(number for field in columns for number in _nested_ids(field.at("Type").value))]
    # An id inside a nested type may be known only when deployed.
    types = json.dumps([field.at("Type").value for field in columns], default=str)
    readable = '"Ref"' not in types and '"Fn::' not in types
    for node in [*(field.at("SourceId") for field in (*partitions, *orders)), *identifiers] if readable else ():
        if node.number is not None and node.number not in known:
            yield Violation(at=node, allowed="the Id of a column")
    required = {field.at("Id").number for field in columns if field.at("Required").flag or field.at("Required").unknown}
    for node in identifiers:
        if node.number in numbers and node.number not in required:
            yield Violation(at=node, allowed="the Id of a column that is Required")
    yield from _repeated([field.at("FieldId") for field in partitions])
    for field in partitions:
        yield from at_least(field.at("FieldId"), _FIRST_PARTITION_ID)
        yield from matching(
            field.at("Transform"), _TRANSFORM, "identity, year, month, day, hour, bucket[n] or truncate[n]"
        )


def _nested_ids(kind: Any) -> Iterator[float]:
    """Yield the ids inside a nested type, an object or its JSON text."""
    text = kind if isinstance(kind, str) else json.dumps(kind, default=str)
    for _, number in re.findall(r'"(id|element-id|key-id|value-id)"\s*:\s*(\d+)', text):
        yield float(number)


def _repeated(nodes: list[Node]) -> Iterator[Violation]:
    times = Counter(node.number for node in nodes if node.number is not None)
    for node in nodes:
        if times[node.number or 0] > 1:
            yield Violation(at=node, allowed="an id that no other field has")


def _ends(lifecycle_rule: Node) -> Iterator[Node]:
    """Yield what deletes or archives current objects by their age."""
    for name in ("ExpirationInDays", "ExpirationDate"):
        node = lifecycle_rule.at(name)
        if node.given:
            yield node
    for move in [*lifecycle_rule.at("Transitions").items(), *lifecycle_rule.at("Transition").items()]:
        if move.at("StorageClass").text in _ARCHIVES:
            yield move.at("StorageClass")


def _tables(bucket: Resource) -> list[Resource]:
    return [one for one in bucket.template.everywhere_of_type(TABLE) if _is_iceberg(one)]


def _is_iceberg(table: Resource) -> bool:
    parameters = table.at("TableInput.Parameters")
    kind = parameters.value.get("table_type") if isinstance(parameters.value, dict) else None
    return table.at("OpenTableFormatInput").present or str(kind).upper() == "ICEBERG"


def _location(table: Resource) -> Node:
    iceberg = table.at(f"{_INPUT}.Location")
    return iceberg if iceberg.present else table.at("TableInput.StorageDescriptor.Location")


@once
def _keys(template: Template) -> dict[Any, list[tuple[Resource, str]]]:
    """Return the tables of a template, each with the key that its files begin with, by their buckets."""
    found: dict[Any, list[tuple[Resource, str]]] = {}
    for table in template.of_type(TABLE):
        if place := _place(table):
            found.setdefault(place[0], []).append((table, place[1]))
    return found


@once
def _place(table: Resource) -> tuple[Any, str] | None:
    """Return the bucket of a table, as its address or name, and the key that its files begin with; None if unknown."""
    node = _location(table)
    found = re.fullmatch(r"s3a?://([^/]+)/?(.*)", rendered(node.value)) if node.present else None
    if found is None or "${" in found[2]:
        return None
    bucket = node.target if "${" in found[1] else _named(table, found[1])
    key = found[2] if not found[2] or found[2].endswith("/") else f"{found[2]}/"
    return (bucket.address if bucket is not None else found[1]), key


def _named(table: Resource, name: str) -> Resource | None:
    """Return the bucket of the app that has a name."""
    buckets = table.template.everywhere_of_type(_BUCKET)
    return next((one for one in buckets if one.at("BucketName").text == name), None)
