"""Iceberg tables as destinations of delivery streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.delivery_streams import STREAM, table_of
from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Node, Resource

_GUIDE: Final = "https://docs.aws.amazon.com/firehose/latest/dev"
_INPUT: Final = "OpenTableFormatInput.IcebergInput"
_COLUMNS: Final = f"{_INPUT}.IcebergTableInput.Schema.Fields"
_PARTITIONS: Final = f"{_INPUT}.IcebergTableInput.PartitionSpec.Fields"


@rule(
    "LAKE-FIREHOSE-029",
    STREAM,
    title="Unique keys of an Iceberg table are its columns",
    fix="name columns of the table in UniqueKeys, as they are spelled there",
    source=f"{_GUIDE}/apache-iceberg-stream.html",
)
def unique_keys(stream: Resource) -> Iterator[Violation]:
    """The stream is created, and every record goes to the error prefix."""
    for configured, table in _tables(stream):
        # A nested field may be a key too, if no other field has its name.
        types = " ".join(field.at("Type").text or "" for field in table.at(_COLUMNS).items())
        names = {field.at("Name").text for field in table.at(_COLUMNS).items()}
        for key in configured.at("UniqueKeys").items() if names and None not in names else ():
            if key.text and key.text not in names and f'"{key.text}"' not in types:
                yield Violation(at=key, allowed=f"a column of {table.logical_id}: {', '.join(sorted(map(str, names)))}")


@rule(
    "LAKE-FIREHOSE-030",
    STREAM,
    title="An Iceberg table is there before the stream that writes it",
    fix="refer to the table by Ref, or add it to DependsOn",
    source=f"{_GUIDE}/apache-iceberg-prereq.html",
)
def table_first(stream: Resource) -> Iterator[Violation]:
    """Firehose looks the table up when the stream is created: the deployment fails now and then."""
    needs = stream.template.reachable(stream.logical_id)
    for configured, table in _tables(stream):
        if table.template is stream.template and table.logical_id not in needs:
            node = configured.at("DestinationTableName")
            found = f"the name of {table.logical_id}, which may come later"
            yield Violation(at=node, found=found, allowed=f"a Ref of {table.logical_id}, or DependsOn")


@rule(
    "LAKE-FIREHOSE-031",
    STREAM,
    severity=Severity.WARNING,
    title="Unique keys of an Iceberg table choose the partition of a row",
    fix="add the columns of the partitions to UniqueKeys, partition by the keys, or set AppendOnly",
    source=f"{_GUIDE}/apache-iceberg-considerations.html",
)
def keys_of_partitions(stream: Resource) -> Iterator[Violation]:
    """An update finds no row in another partition than the record's: from then on there are two."""
    if stream.at("IcebergDestinationConfiguration.AppendOnly").flag is True:
        return
    for configured, table in _tables(stream):
        columns = {field.at("Id").number: field.at("Name").text for field in table.at(_COLUMNS).items()}
        keys = configured.at("UniqueKeys").items()
        if not keys or any(key.text is None for key in keys):
            continue
        for field in table.at(_PARTITIONS).items():
            name = columns.get(field.at("SourceId").number)
            if name and field.at("Transform").text != "void" and name not in {key.text for key in keys}:
                node = configured.at("UniqueKeys")
                yield Violation(at=node, allowed=f"{name} among them, by which {table.logical_id} is partitioned")


def _tables(stream: Resource) -> Iterator[tuple[Node, Resource]]:
    """Yield the entries for tables that the app defines, and these."""
    for configured in stream.at("IcebergDestinationConfiguration.DestinationTableConfigurationList").items():
        table = table_of(configured.at("DestinationTableName"), configured.at("DestinationDatabaseName"))
        if table is not None and table.at(_INPUT).present:
            yield configured, table
