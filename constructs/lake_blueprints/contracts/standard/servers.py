"""Servers of a contract: how records come, and where the lake is asked to keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from lake_blueprints.contracts.dataset import DatasetFormat
from lake_blueprints.contracts.governance import Placement
from lake_blueprints.contracts.spark_sql import DIALECTS
from lake_blueprints.contracts.standard.report import Report
from lake_blueprints.contracts.type_words import DIGITS, SYSTEMS

OURS = frozenset({"s3", "glue", "athena", "kinesis", "redshift"})
# What a lake reads tables or topics from: what they are called there is kept, not where they are.
SOURCES = frozenset({"postgresql", "postgres", "mysql", "kafka"})
_ADDRESS = frozenset({"host", "port"})
# Servers that hold records as a producer wrote them; the format of others is their own affair.
_OF_RECORDS = OURS | {"local", "kafka", "azure", "sftp", "pubsub", "custom"}
_FORMATS = {
    **dict.fromkeys(("json", "jsonl", "ndjson", "jsonlines", "json lines", "application/json"), DatasetFormat.JSON),
    **dict.fromkeys(("csv", "tsv", "text/csv"), DatasetFormat.CSV),
    **dict.fromkeys(("parquet", "application/parquet"), DatasetFormat.PARQUET),
}
_DELIMITERS = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t", r"\t": "\t", "space": " "}
_COMMON = frozenset({"id", "server", "type", "description", "environment", "roles", "customProperties"})

Server = Mapping[str, Any]


@frozen(kw_only=True)
class DeliveryFormat:
    """Format in which raw records arrive.

    Parameters
    ----------
    format: DatasetFormat
        By default JSON lines.
    delimiter: str
        Between the fields of a CSV record. By default a comma.
    """

    format: DatasetFormat = DatasetFormat.JSON
    delimiter: str = ","


def read_delivery(servers: Sequence[Server], report: Report) -> DeliveryFormat:
    """Return how records come: as the first server that says so in a format that the lake reads."""
    deliveries = [_delivery(server, f"servers[{number}]", report) for number, server in enumerate(servers)]
    return next((delivery for delivery in deliveries if delivery), DeliveryFormat())


def read_placements(servers: Sequence[Server], report: Report) -> tuple[Placement, ...]:
    """Return the servers that are a lake's or its sources; others are noted."""
    placements = []
    for number, server in enumerate(servers):
        if server["type"] not in OURS | SOURCES:
            report.inform(
                f"servers[{number}]", f"nothing is placed by '{server.get('server')}', a {server['type']} server"
            )
            continue
        apart = _COMMON | _ADDRESS if server["type"] in SOURCES else _COMMON
        properties = {key: value for key, value in server.items() if key not in apart}
        name, environment = str(server.get("server")), server.get("environment")
        placements.append(Placement(server=name, type=server["type"], environment=environment, properties=properties))
    return tuple(placements)


def with_topic(placements: Sequence[Placement], topic: str) -> tuple[Placement, ...]:
    """Return placements of one object, whose topic the servers of Kafka have."""
    return tuple(
        evolve(one, properties={**one.properties, "topic": topic}) if one.type == "kafka" else one for one in placements
    )


def type_system(servers: Sequence[Server]) -> str | None:
    """Return the type of the server whose words the physical types are."""
    return next((server["type"] for server in servers if server["type"] in SYSTEMS.keys() | DIGITS.keys()), None)


def sql_system(servers: Sequence[Server]) -> str | None:
    """Return the type of the first server whose SQL queries may be written in."""
    return next((server["type"] for server in servers if server["type"] in DIALECTS), None)


def _delivery(server: Server, place: str, report: Report) -> DeliveryFormat | None:
    text = server.get("format")
    if not text or server["type"] not in _OF_RECORDS:
        return None
    word = str(text).strip().lower()
    if word not in _FORMATS:
        report.warn(f"{place}.format", f"records are not read as '{text}'; the lake reads json lines, csv and parquet")
        return None
    if _FORMATS[word] is DatasetFormat.CSV:
        return DeliveryFormat(format=DatasetFormat.CSV, delimiter=_separator(server, word, place, report))
    if server.get("delimiter") == "array":
        report.warn(f"{place}.delimiter", "a file with one array is not read; the lake reads one record a line")
    return DeliveryFormat(format=_FORMATS[word])


def _separator(server: Server, word: str, place: str, report: Report) -> str:
    given = server.get("delimiter")
    if not given:
        return "\t" if word == "tsv" else ","
    delimiter = _DELIMITERS.get(str(given).strip().lower(), str(given))
    if len(delimiter) == 1:
        return delimiter
    report.warn(f"{place}.delimiter", f"'{given}' is not one character; fields are read as separated by commas")
    return ","
