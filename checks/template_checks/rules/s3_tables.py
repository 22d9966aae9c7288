"""S3 Tables: metadata that CloudFormation writes once, encryption, and what turns the maintenance off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import only_one
from template_checks.rules.iceberg import misplaced_ids

TABLE: Final = "AWS::S3Tables::Table"
_TYPES: Final = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference"
_GUIDE: Final = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
_METADATA: Final = f"{_TYPES}/aws-properties-s3tables-table-icebergmetadata.html"
_NESTED: Final = ("list", "map", "struct")


@rule(
    "LAKE-S3TABLES-001",
    TABLE,
    title="A table of S3 Tables has one schema or none",
    fix="keep one of IcebergSchema, IcebergSchemaV2 and WithoutMetadata; nested types take IcebergSchemaV2",
    source=_METADATA,
)
def one_schema(table: Resource) -> Iterator[Violation]:
    """CloudFormation refuses several, and nested types in IcebergSchema."""
    yield from only_one(table.at("IcebergMetadata"), table.at("WithoutMetadata"))
    yield from only_one(table.at("IcebergMetadata.IcebergSchema"), table.at("IcebergMetadata.IcebergSchemaV2"))
    for field in table.at("IcebergMetadata.IcebergSchema.SchemaFieldList").items():
        kind = field.at("Type")
        if isinstance(kind.value, dict) and kind.value.get("type") in _NESTED:
            yield Violation(at=kind, found="a nested type", allowed="a primitive type, or IcebergSchemaV2")


@rule(
    "LAKE-S3TABLES-002",
    TABLE,
    title="Field ids of a table of S3 Tables are its columns'",
    fix="give each column an id of its own, and name these in partition spec, sort order and IdentifierFieldIds",
    source="https://iceberg.apache.org/spec/#schemas",
)
def field_ids(table: Resource) -> Iterator[Violation]:
    """S3 refuses the table, or engines read one column's values as another's."""
    described = table.at("IcebergMetadata")
    yield from misplaced_ids(
        [
            *described.at("IcebergSchemaV2.SchemaV2FieldList").items(),
            *described.at("IcebergSchema.SchemaFieldList").items(),
        ],
        partitions=described.at("IcebergPartitionSpec.Fields").items(),
        orders=described.at("IcebergSortOrder.Fields").items(),
        identifiers=described.at("IcebergSchemaV2.IdentifierFieldIds").items(),
    )


@rule(
    "LAKE-S3TABLES-003",
    TABLE,
    title="Snapshots of a table of S3 Tables are expired by S3",
    fix="remove the property, and set SnapshotManagement",
    source=f"{_GUIDE}/s3-tables-considerations.html",
    severity=Severity.WARNING,
)
def retention(table: Resource) -> Iterator[Violation]:
    """S3 expires no snapshot of a table whose own properties keep them longer, and each of them is paid for."""
    given = table.at("IcebergMetadata.TableProperties")
    status = table.at("SnapshotManagement.Status")
    if status.text == "disabled" or status.unknown or not isinstance(given.value, dict):
        return
    for name in given.value:
        if str(name).startswith("history.expire."):
            yield Violation(at=given, found=f"with {name}", allowed="no history.expire.* beside SnapshotManagement")


@rule(
    "LAKE-S3TABLES-004",
    "AWS::S3Tables::TableBucket",
    title="A table bucket under a key names both the key and the algorithm",
    fix="set SSEAlgorithm to aws:kms and KMSKeyArn to the ARN of the key",
    source=f"{_GUIDE}/s3-tables-kms-specify.html",
)
def encryption(bucket: Resource) -> Iterator[Violation]:
    """S3 refuses a key for its own encryption, and encryption under no key."""
    algorithm, key = (bucket.at(f"EncryptionConfiguration.{name}") for name in ("SSEAlgorithm", "KMSKeyArn"))
    if algorithm.text == "aws:kms" and not key.present:
        yield Violation(at=key, allowed="the ARN of a key with aws:kms")
    if algorithm.text == "AES256" and key.present and not key.hidden:
        yield Violation(at=key, allowed="nothing with AES256")
    if key.text is not None and ":alias/" in key.text:
        yield Violation(at=key, allowed="the ARN of a key, not of an alias")
