"""DynamoDB tables: their indexes, streams, backups and capacity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, at_least, between, matching, one_of, required

TABLE: Final = "AWS::DynamoDB::Table"
GLOBAL_TABLE: Final = "AWS::DynamoDB::GlobalTable"
_API: Final = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference"
_INDEXES: Final = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_NAME: Final = r"[a-zA-Z0-9_.-]{3,255}"


@rule(
    "LAKE-DATABASES-001",
    TABLE,
    GLOBAL_TABLE,
    title="An index says which attributes it has",
    fix="list NonKeyAttributes for INCLUDE, and for no other projection",
    source=f"{_API}/API_Projection.html",
)
def projection(table: Resource) -> Iterator[Violation]:
    """DynamoDB refuses INCLUDE without attributes, and attributes with another projection."""
    total = 0
    for index in _indexes(table):
        kind, attributes = index.at("Projection.ProjectionType"), index.at("Projection.NonKeyAttributes")
        yield from one_of(kind, ("ALL", "KEYS_ONLY", "INCLUDE"))
        if index.at("Projection").known and not kind.present:
            yield Violation(at=kind, allowed="ALL, KEYS_ONLY or INCLUDE")
        if kind.text == "INCLUDE" and (attributes.known or not attributes.present) and not attributes.value:
            yield Violation(at=attributes, found="no attributes", allowed="one attribute or more with INCLUDE")
        elif kind.text in {"ALL", "KEYS_ONLY"}:
            yield from absent(attributes, f"with {kind.text}")
        if isinstance(attributes.value, list):
            total += len(attributes.value)
            if len(attributes.value) > 20:
                yield Violation(at=attributes, found=f"{len(attributes.value)} attributes", allowed="20 or fewer")
    if total > 100:
        yield Violation(
            at=table.at("GlobalSecondaryIndexes"), found=f"{total} attributes", allowed="100 or fewer in all"
        )


def _indexes(table: Resource) -> Iterator[Node]:
    for name in _INDEXES:
        yield from table.at(name).items()


@rule(
    "LAKE-DATABASES-002",
    TABLE,
    GLOBAL_TABLE,
    title="Keys are one HASH, and perhaps one RANGE after it",
    fix="order KeySchema HASH, RANGE; name each index once; give local indexes the HASH key of the table",
    source=f"{_API}/API_CreateTable.html",
)
def keys(table: Resource) -> Iterator[Violation]:
    """DynamoDB refuses other keys, two indexes of one name, and too many."""
    own = _keys(table.at("KeySchema"))
    names = [index.at("IndexName") for index in _indexes(table)]
    for schema in (table.at("KeySchema"), *(index.at("KeySchema") for index in _indexes(table))):
        kinds = [kind for _, kind in _keys(schema) if kind is not None]
        # A global index may have several attributes in each key.
        complete = kinds and len(kinds) == len(_keys(schema))
        if complete and ("HASH" not in kinds or kinds != sorted(kinds) or set(kinds) - {"HASH", "RANGE"}):
            yield Violation(at=schema, found=", ".join(kinds), allowed="HASH, or HASH then RANGE")
    for index in table.at("LocalSecondaryIndexes").items():
        there = _keys(index.at("KeySchema"))
        if own and there and None not in {name for name, _ in own + there} and own[0][0] != there[0][0]:
            yield Violation(
                at=index.at("KeySchema"), found=str(there[0][0]), allowed=f"{own[0][0]}, the table's HASH key"
            )
        if len(own) == 1 and None not in own[0]:
            yield Violation(at=index, found="a local index", allowed="none on a table without a RANGE key")
    given = [name.text for name in names if name.text]
    if len(given) != len(set(given)):
        yield Violation(at=table.at("GlobalSecondaryIndexes"), found=", ".join(given), allowed="names that differ")
    for name in names:
        yield from matching(name, _NAME, "3 to 255 of a-z, A-Z, 0-9, '_', '-' and '.'")
    for path, most in (("GlobalSecondaryIndexes", 20), ("LocalSecondaryIndexes", 5)):
        node = table.at(path)
        if isinstance(node.value, list) and len(node.value) > most:
            yield Violation(at=node, found=f"{len(node.value)} indexes", allowed=f"{most} or fewer")


def _keys(schema: Node) -> list[tuple[str | None, str | None]]:
    return [(key.at("AttributeName").text, key.at("KeyType").text) for key in schema.items()]


@rule(
    "LAKE-DATABASES-003",
    TABLE,
    GLOBAL_TABLE,
    title="Expiry, backups and encryption of a table are complete",
    fix="name the attribute of expiry, keep backups 1 to 35 days, and give a key only with encryption by KMS",
    source=f"{_API}/API_TimeToLiveSpecification.html",
)
def specifications(table: Resource) -> Iterator[Violation]:
    """DynamoDB refuses others."""
    expiry = table.at("TimeToLiveSpecification")
    name = expiry.at("AttributeName")
    if expiry.known and expiry.at("Enabled").flag is not False and not name.value:
        yield Violation(at=name, found="no attribute", allowed="the attribute with the time of expiry")
    for days in table.properties.every("RecoveryPeriodInDays"):
        yield from between(days, 1, 35, "days")
    encryption = table.at("SSESpecification")
    if encryption.known and encryption.at("SSEEnabled").flag is False:
        yield from absent(encryption.at("KMSMasterKeyId"), "without SSEEnabled")
    if encryption.at("KMSMasterKeyId").given and table.kind == TABLE:
        yield from matching(encryption.at("SSEType"), "KMS", "KMS")
    yield from one_of(
        table.at("StreamSpecification.StreamViewType"), ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")
    )
    if isinstance(table.at("StreamSpecification").value, dict) and table.at("StreamSpecification").known:
        yield from required(table.at("StreamSpecification.StreamViewType"), "what a record of the stream has")
    attributes = table.at("AttributeDefinitions").items()
    for attribute in attributes:
        yield from one_of(attribute.at("AttributeType"), ("S", "N", "B"))
    named = [attribute.at("AttributeName").text for attribute in attributes]
    if name.text and expiry.known and name.text in named:
        kind = next(one.at("AttributeType") for one in attributes if one.at("AttributeName").text == name.text)
        if kind.text not in {None, "N"}:
            yield Violation(at=name, found=f"{name.text} of type {kind.text}", allowed="a number of seconds, of type N")


@rule(
    "LAKE-DATABASES-004",
    TABLE,
    title="Capacity is provisioned or on demand",
    fix="set ProvisionedThroughput for PROVISIONED, OnDemandThroughput for PAY_PER_REQUEST",
    source=f"{_API}/API_CreateTable.html",
)
def capacity(table: Resource) -> Iterator[Violation]:
    """DynamoDB refuses the capacity of the other mode, and none for PROVISIONED."""
    mode = table.at("BillingMode")
    yield from one_of(mode, ("PROVISIONED", "PAY_PER_REQUEST"))
    for node in (table.properties, *table.at("GlobalSecondaryIndexes").items()):
        fixed, most = node.at("ProvisionedThroughput"), node.at("OnDemandThroughput")
        if mode.text == "PAY_PER_REQUEST":
            for unit in ("ReadCapacityUnits", "WriteCapacityUnits"):
                if fixed.at(unit).number:
                    yield Violation(at=fixed.at(unit), allowed="nothing with PAY_PER_REQUEST")
        elif mode.text == "PROVISIONED" or not mode.present:
            yield from absent(most, "with PROVISIONED")
            yield from required(fixed, "units to read and write")
            for unit in ("ReadCapacityUnits", "WriteCapacityUnits"):
                yield from at_least(fixed.at(unit), 1, "units")


@rule(
    "LAKE-DATABASES-005",
    TABLE,
    title="A table is imported from a format that DynamoDB reads",
    fix="choose a format, and options of CSV for CSV only",
    source=f"{_API}/API_ImportTable.html",
)
def import_source(table: Resource) -> Iterator[Violation]:
    """DynamoDB refuses others."""
    source = table.at("ImportSourceSpecification")
    yield from one_of(source.at("InputFormat"), ("CSV", "DYNAMODB_JSON", "ION"))
    yield from one_of(source.at("InputCompressionType"), ("GZIP", "ZSTD", "NONE"))
    if source.at("InputFormat").text in {"DYNAMODB_JSON", "ION"}:
        yield from absent(source.at("InputFormatOptions.Csv"), f"with {source.at('InputFormat').text}")
