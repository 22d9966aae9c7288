"""Formats of delivery streams: the table that describes converted files, and parameters of processors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.delivery_streams import (
    STREAM,
    converts,
    destinations_of,
    lacks,
    parameters_of,
    processors_of,
    table_of,
)
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import one_of

_GUIDE: Final = "https://docs.aws.amazon.com/firehose/latest/dev"
# What the libraries of a format have in their names.
_SERDES: Final = {"ParquetSerDe": "parquet", "OrcSerDe": "orc"}


@rule(
    "LAKE-FIREHOSE-027",
    STREAM,
    title="The table of a conversion describes the files that are written",
    fix="give the table the input format, output format and SerDe of the serializer",
    source=f"{_GUIDE}/record-format-conversion.html",
)
def converted_table(stream: Resource) -> Iterator[Violation]:
    """Firehose writes its own format all the same, and Athena cannot read the files by the table's."""
    for destination in destinations_of(stream):
        configuration = destination.at("DataFormatConversionConfiguration")
        if not converts(destination):
            continue
        schema = configuration.at("SchemaConfiguration")
        table = table_of(schema.at("TableName"), schema.at("DatabaseName"))
        serializer = configuration.at("OutputFormatConfiguration.Serializer")
        wanted = [word for name, word in _SERDES.items() if serializer.at(name).present]
        if table is None or len(wanted) != 1:
            continue
        storage = table.at("TableInput.StorageDescriptor")
        for name in ("SerdeInfo.SerializationLibrary", "InputFormat", "OutputFormat"):
            node = storage.at(name)
            if node.text and wanted[0] not in node.text.lower():
                at = configuration.at("SchemaConfiguration.TableName")
                found = f"{table.logical_id}, whose {name} is {node.text}"
                yield Violation(at=at, found=found, allowed=f"a table of {wanted[0]}")
                break


@rule(
    "LAKE-FIREHOSE-028",
    STREAM,
    title="Processors have the parameters that they need",
    fix="give SubRecordType JSON or DELIMITED, and a Delimiter in base64 for DELIMITED",
    source=f"{_GUIDE}/dynamic-partitioning-multirecord-deaggergation.html",
)
def processor_parameters(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses the stream."""
    for destination in destinations_of(stream):
        for processor in processors_of(destination):
            given, node = parameters_of(processor), processor.at("Parameters")
            if node.present and not node.known:
                continue
            kind = processor.at("Type").text
            if kind == "RecordDeAggregation":
                yield from _deaggregation(processor, given)
            elif kind == "Decompression" and "CompressionFormat" in given:
                yield from one_of(given["CompressionFormat"], ["GZIP"])
            elif kind == "CloudWatchLogProcessing" and "DataMessageExtraction" in given:
                yield from one_of(given["DataMessageExtraction"], ["true", "false"])
            elif kind == "Lambda" and lacks(processor, "LambdaArn"):
                yield Violation(at=node, found="no LambdaArn", allowed="LambdaArn among them")


def _deaggregation(processor: Node, given: dict[str, Node]) -> Iterator[Violation]:
    node, kind = processor.at("Parameters"), given.get("SubRecordType")
    if lacks(processor, "SubRecordType"):
        yield Violation(at=node, found="no SubRecordType", allowed="SubRecordType of JSON or DELIMITED")
    if kind is None:
        return
    yield from one_of(kind, ["JSON", "DELIMITED"])
    if kind.text == "DELIMITED" and lacks(processor, "Delimiter"):
        yield Violation(at=node, found="no Delimiter", allowed="a Delimiter in base64 for DELIMITED")
