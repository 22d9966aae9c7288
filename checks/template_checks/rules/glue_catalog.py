"""The Glue catalog: databases, tables, connections, schemas and rulesets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from template_checks.core.intrinsics import is_function
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import matching, one_of, only_one, parsed, required

_API = "https://docs.aws.amazon.com/glue/latest/webapi"
_GUIDE = "https://docs.aws.amazon.com/glue/latest/dg"
_PROJECTIONS = {
    "enum": ("values",),
    "integer": ("range",),
    "date": ("range", "format"),
    "injected": (),
}


@rule(
    "LAKE-GLUE-013",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    title="Names in the catalog are lower case",
    fix="use a-z, 0-9 and _",
    source="https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html",
)
def names(entry: Resource) -> Iterator[Violation]:
    """Glue folds names to lower case: references, permissions and drift detection then miss what they name."""
    for node in (entry.at("DatabaseInput.Name"), entry.at("TableInput.Name"), entry.at("DatabaseName")):
        target = entry.at("DatabaseInput.TargetDatabase").present or entry.at("TableInput.TargetTable").present
        pattern = r"[a-z0-9_-]{1,255}" if target else r"[a-z0-9_]{1,255}"
        yield from matching(node, pattern, "1 to 255 of a-z, 0-9 and _")


@rule(
    "LAKE-GLUE-015",
    "AWS::Glue::SecurityConfiguration",
    "AWS::Glue::DataCatalogEncryptionSettings",
    title="Encryption with a key names the key",
    fix="set KmsKeyArn beside the mode, or the mode to DISABLED or SSE-S3",
    source=f"{_GUIDE}/encryption-security-configuration.html",
)
def encryption_key(settings: Resource) -> Iterator[Violation]:
    """Glue refuses a mode with a key that is not named."""
    for part in _everything(settings.properties):
        for mode in part.children():
            if re.search(r"Mode$", mode.path) and mode.text in {"SSE-KMS", "CSE-KMS"}:
                key = part.at("SseAwsKmsKeyId" if "Catalog" in mode.path else "KmsKeyArn")
                if "Catalog" not in mode.path:
                    yield from required(key, f"a key for {mode.text}")


@rule(
    "LAKE-GLUE-016",
    "AWS::Glue::Table",
    title="Partition projection says where each partition is",
    fix="set projection.<column>.type with its range or values for each partition key",
    source="https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html",
)
def projection(table: Resource) -> Iterator[Violation]:
    """Athena finds no rows, or fails on every query, when a partition key is not projected."""
    parameters = table.at("TableInput.Parameters")
    given = parameters.value if parameters.known and isinstance(parameters.value, dict) else {}
    if str(given.get("projection.enabled", "")).lower() != "true":
        return
    location = given.get("storage.location.template")
    for key in table.at("TableInput.PartitionKeys").items():
        name = key.at("Name").text
        if name is None:
            continue
        written = given.get(f"projection.{name}.type", "nothing")
        if is_function(written):
            continue
        kind = str(written)
        if kind not in _PROJECTIONS:
            allowed = f"projection.{name}.type of {', '.join(_PROJECTIONS)}"
            yield Violation(at=parameters, found=f"{json.dumps(kind)} for '{name}'", allowed=allowed)
            continue
        for setting in _PROJECTIONS[kind]:
            if f"projection.{name}.{setting}" not in given:
                yield Violation(
                    at=parameters, found=f"no {setting} for '{name}'", allowed=f"projection.{name}.{setting}"
                )
        if isinstance(location, str) and "${" + name + "}" not in location:
            yield Violation(at=parameters, found=json.dumps(location), allowed=f"a location template with ${{{name}}}")


@rule(
    "LAKE-GLUE-017",
    "AWS::Glue::Connection",
    title="A JDBC connection can log in",
    fix="set JDBC_CONNECTION_URL and SECRET_ID in ConnectionProperties",
    source=f"{_GUIDE}/connection-properties.html",
)
def connection(connection: Resource) -> Iterator[Violation]:
    """Glue refuses a JDBC connection without an address, and one that a job cannot log in to."""
    given = connection.at("ConnectionInput.ConnectionProperties")
    if connection.at("ConnectionInput.ConnectionType").text == "JDBC" and given.known:
        yield from required(given.at("JDBC_CONNECTION_URL"), "the database's address")
        if not any(given.at(name).present for name in ("SECRET_ID", "USERNAME")):
            authentication = connection.at("ConnectionInput.AuthenticationConfiguration")
            yield from required(authentication, "SECRET_ID or an AuthenticationConfiguration")


@rule(
    "LAKE-GLUE-018",
    "AWS::Glue::SchemaVersion",
    "AWS::Glue::Schema",
    title="A schema is written in its format",
    fix="correct the definition, which must be JSON for AVRO and JSON",
    source=f"{_API}/API_CreateSchema.html",
)
def schema(schema: Resource) -> Iterator[Violation]:
    """Glue refuses definitions that it cannot read."""
    definition = schema.at("SchemaDefinition")
    if definition.text and schema.at("DataFormat").text in {"AVRO", "JSON"} and parsed(definition.text) is None:
        yield Violation(at=definition, allowed="valid JSON")


@rule(
    "LAKE-GLUE-019",
    "AWS::Glue::DataQualityRuleset",
    title="A ruleset has rules and names one table",
    fix="write Rules = [ ... ] and set TargetTable to a database and a table",
    source=f"{_GUIDE}/dqdl.html",
)
def ruleset(ruleset: Resource) -> Iterator[Violation]:
    """Glue refuses text that is not DQDL."""
    text = ruleset.at("Ruleset")
    if text.text is not None and not re.search(r"(Rules|Analyzers)\s*=\s*\[[\s\S]+\]", text.text):
        yield Violation(at=text, allowed="DQDL with Rules = [ ... ]")
    target = ruleset.at("TargetTable")
    if target.known:
        yield from required(target.at("DatabaseName"), "the table's database")
        yield from required(target.at("TableName"), "the table")


@rule(
    "LAKE-GLUE-020",
    "AWS::Glue::Table",
    title="A table says where its data is, once",
    fix="remove OpenTableFormatInput for other formats, or use MetadataOperation CREATE and Version 2",
    source=f"{_API}/API_IcebergInput.html",
)
def iceberg(table: Resource) -> Iterator[Violation]:
    """Glue refuses other operations; Firehose and most engines only write version 2."""
    iceberg = table.at("OpenTableFormatInput.IcebergInput")
    if iceberg.known:
        yield from one_of(iceberg.at("MetadataOperation"), ["CREATE"])
        yield from one_of(iceberg.at("Version"), ["2"])
    yield from only_one(table.at("TableInput.ViewDefinition"), table.at("OpenTableFormatInput"))


@rule(
    "LAKE-GLUE-023",
    "AWS::Glue::Table",
    title="A column is either in the data or in the path",
    fix="remove the partition key from the columns, and columns that are there twice",
    source="https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html",
)
def columns(table: Resource) -> Iterator[Violation]:
    """Athena fails on every query: HIVE_INVALID_METADATA, duplicate columns."""
    seen: set[str] = set()
    for group in ("StorageDescriptor.Columns", "PartitionKeys"):
        for column in table.at(f"TableInput.{group}").items():
            name = (column.at("Name").text or "").lower()
            if name and name in seen:
                yield Violation(at=column.at("Name"), allowed="a name that no other column has")
            seen.add(name)


def _everything(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children():
        yield from _everything(child)
