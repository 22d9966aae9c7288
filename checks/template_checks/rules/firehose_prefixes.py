"""Prefixes and dynamic partitioning of delivery streams."""

from __future__ import annotations

import re
from collections.abc import Iterator

from template_checks.core.delivery_streams import (
    STREAM,
    destinations_of,
    expressions_of,
    lacks,
    parameters_of,
    partitions,
    processors_of,
    s3_of,
    s3_places,
)
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import one_of

_GUIDE = "https://docs.aws.amazon.com/firehose/latest/dev"
_NAMESPACES = ("timestamp", "firehose", "partitionKeyFromQuery", "partitionKeyFromLambda")
_FIREHOSE_WORDS = ("error-output-type", "random-string")


@rule(
    "LAKE-FIREHOSE-008",
    STREAM,
    title="A prefix with expressions comes with an error prefix",
    fix="set ErrorOutputPrefix, for instance 'errors/!{firehose:error-output-type}/'",
    source=f"{_GUIDE}/s3-prefixes.html",
)
def error_prefix(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses the stream: it would not know where records go that cannot be delivered."""
    for destination in s3_places(stream):
        prefix, errors = destination.at("Prefix"), destination.at("ErrorOutputPrefix")
        if expressions_of(prefix) and not errors.present:
            yield Violation(at=errors, allowed="an error prefix, as Prefix has expressions")
        elif expressions_of(errors) and "!{firehose:error-output-type}" not in errors.rendered:
            yield Violation(at=errors, allowed="a prefix with !{firehose:error-output-type}, as it has expressions")


@rule(
    "LAKE-FIREHOSE-009",
    STREAM,
    title="Prefixes use expressions that Firehose knows, where it evaluates them",
    fix="use !{timestamp:...} or !{firehose:random-string}; keys of dynamic partitioning only in Prefix",
    source=f"{_GUIDE}/s3-prefixes.html",
)
def prefix_expressions(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses unknown namespaces, the error type in a prefix and partition keys in an error prefix."""
    for destination in s3_places(stream):
        for node, refused in (
            (destination.at("Prefix"), "firehose:error-output-type"),
            (destination.at("ErrorOutputPrefix"), "partitionKeyFrom"),
        ):
            if "!{" in re.sub(r"!\{[^}]*\}", "", node.rendered):
                yield Violation(at=node, allowed="expressions that are closed by a brace")
            for expression in expressions_of(node):
                namespace, _, word = expression.partition(":")
                if expression.startswith(refused):
                    yield Violation(at=node, allowed=f"no !{{{expression}}} in this prefix")
                elif namespace not in _NAMESPACES or not word:
                    yield Violation(at=node, allowed=f"!{{namespace:value}} of {', '.join(_NAMESPACES)}")
                elif namespace == "firehose" and word not in _FIREHOSE_WORDS:
                    yield Violation(at=node, allowed=f"!{{firehose:...}} with {' or '.join(_FIREHOSE_WORDS)}")


@rule(
    "LAKE-FIREHOSE-010",
    STREAM,
    title="Timestamps in prefixes count calendar years",
    fix="write yyyy for YYYY and dd for DD",
    source=f"{_GUIDE}/s3-prefixes.html",
)
def calendar_year(stream: Resource) -> Iterator[Violation]:
    """`YYYY` is the year of the week and `DD` the day of the year: the last days of December land in the wrong one."""
    for destination in s3_places(stream):
        for name in ("Prefix", "ErrorOutputPrefix"):
            for expression in expressions_of(destination.at(name)):
                pattern = re.sub(r"'[^']*'", "", expression.removeprefix("timestamp:"))
                if expression.startswith("timestamp:") and re.search(r"Y|DD", pattern):
                    yield Violation(at=destination.at(name), allowed="yyyy, MM, dd and HH")


@rule(
    "LAKE-FIREHOSE-026",
    STREAM,
    title="Timestamps in prefixes count months, not minutes",
    fix="write MM for mm",
    source=f"{_GUIDE}/s3-prefixes.html",
)
def minutes_for_months(stream: Resource) -> Iterator[Violation]:
    """`mm` is the minute: between the year and the day it makes sixty prefixes that no partition is found under."""
    for destination in s3_places(stream):
        for name in ("Prefix", "ErrorOutputPrefix"):
            stamps = (one for one in expressions_of(destination.at(name)) if one.startswith("timestamp:"))
            letters = "".join(re.sub(r"'[^']*'", "", one.removeprefix("timestamp:")) for one in stamps)
            if re.search(r"[yu]\W*m+\W*(d|$)", letters):
                yield Violation(at=destination.at(name), allowed="MM for the month, as in yyyy/MM/dd")


@rule(
    "LAKE-FIREHOSE-011",
    STREAM,
    title="Dynamic partitioning has a source for each key of the prefix",
    fix="add a MetadataExtraction processor for the keys of queries or a Lambda processor for those of functions",
    source=f"{_GUIDE}/dynamic-partitioning.html",
)
def partition_keys(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses the stream, or writes every record below the error prefix."""
    for destination in destinations_of(stream):
        keys = [e for place in s3_of(destination) for e in expressions_of(place.at("Prefix")) if e.startswith("partit")]
        enabled = destination.at("DynamicPartitioningConfiguration.Enabled")
        if keys and not partitions(destination) and not _is_unknown(enabled):
            yield Violation(
                at=destination.at("Prefix"), allowed="partition keys only with dynamic partitioning enabled"
            )
        if not partitions(destination):
            continue
        sources = {processor.at("Type").text for processor in processors_of(destination)}
        if not keys and destination.at("Prefix").known:
            yield Violation(at=destination.at("Prefix"), allowed="a prefix with the keys that it partitions by")
        for key in keys:
            needed = "Lambda" if key.startswith("partitionKeyFromLambda") else "MetadataExtraction"
            if needed not in sources and None not in sources:
                yield Violation(at=destination.at("ProcessingConfiguration"), allowed=f"a {needed} processor for {key}")
        yield from _unproduced(destination, keys)


@rule(
    "LAKE-FIREHOSE-012",
    STREAM,
    title="Metadata extraction parses JSON with jq 1.6",
    fix="give MetadataExtractionQuery and JsonParsingEngine JQ-1.6",
    source=f"{_GUIDE}/dynamic-partitioning-partitioning-keys.html",
)
def metadata_extraction(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses other engines, and an extraction without a query."""
    for destination in destinations_of(stream):
        for processor in processors_of(destination):
            if processor.at("Type").text == "MetadataExtraction" and processor.at("Parameters").known:
                if lacks(processor, "MetadataExtractionQuery"):
                    yield Violation(at=processor.at("Parameters"), allowed="a MetadataExtractionQuery among them")
                if lacks(processor, "JsonParsingEngine"):
                    yield Violation(at=processor.at("Parameters"), allowed="JsonParsingEngine JQ-1.6 among them")
                elif engine := parameters_of(processor).get("JsonParsingEngine"):
                    yield from one_of(engine, ["JQ-1.6"])


def _is_unknown(node: Node) -> bool:
    return node.present and not node.known


def _unproduced(destination: Node, keys: list[str]) -> Iterator[Violation]:
    """Refuse keys of the prefix that no jq query yields."""
    for processor in processors_of(destination):
        query = parameters_of(processor).get("MetadataExtractionQuery")
        if processor.at("Type").text != "MetadataExtraction" or query is None or query.text is None:
            continue
        produced = set(re.findall(r"""["']?([A-Za-z_]\w*)["']?\s*:""", query.text))
        for key in keys:
            namespace, _, name = key.partition(":")
            if namespace == "partitionKeyFromQuery" and name not in produced:
                yield Violation(
                    at=destination.at("Prefix"), allowed=f"keys that the query yields: {', '.join(produced)}"
                )
