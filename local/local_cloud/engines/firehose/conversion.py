"""Record format conversion: JSON records into one Parquet or ORC file, by the columns of a Glue table."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import orc, parquet

from local_cloud.engines.firehose.columns import Column, Rules, column
from local_cloud.engines.firehose.records import FORMAT_CONVERSION, Failure, Record
from local_cloud.errors import LocalCloudError

_PARSE_ERROR = "DataFormatConversion.ParseError"
_MALFORMED = "DataFormatConversion.MalformedData"


_FAST = json.JSONDecoder()
# Slower, but a decimal keeps the digits that it was sent with.
_EXACT = json.JSONDecoder(parse_float=Decimal)


class GlueClient(Protocol):
    def get_table(self, *, DatabaseName: str, Name: str) -> Mapping[str, Any]: ...


class Conversion:
    """Converts records by one DataFormatConversionConfiguration and the table that it names.

    Parameters
    ----------
    configuration: Mapping[str, Any]
        The configuration as it was deployed.
    glue: GlueClient
        Where the table is looked up, at every conversion.
    region, account: str
        ARN of the stream, written into the documents of failed records.
    """

    def __init__(self, configuration: Mapping[str, Any], *, glue: GlueClient, region: str, account: str) -> None:
        self._schema = configuration["SchemaConfiguration"]
        self._serializer = configuration["OutputFormatConfiguration"]["Serializer"]
        self._glue = glue
        self._details = {
            "dataCatalogTable": {
                "catalogId": self._schema.get("CatalogId", account),
                "databaseName": self._schema["DatabaseName"],
                "tableName": self._schema["TableName"],
                "region": self._schema.get("Region", region),
                "versionId": self._schema.get("VersionId", "LATEST"),
            }
        }
        deserializer = configuration["InputFormatConfiguration"]["Deserializer"]
        self._rules, self._keys = _rules(deserializer)

    def convert(self, records: Sequence[Record]) -> tuple[bytes | None, list[Failure]]:
        """Return one file with the rows of all good records, None if there are none, and the bad records."""
        try:
            columns = self._columns()
        except Exception as error:  # no table, or one with types that Firehose has not: every record fails
            message = f"{type(error).__name__}: {error}"
            return None, [self._failure(record, "DataFormatConversion.InvalidSchema", message) for record in records]
        rows: list[tuple[Any, ...]] = []
        failures = []
        for record in records:
            try:
                rows += self._rows(record, columns)
            except json.JSONDecodeError as error:
                failures.append(self._failure(record, _PARSE_ERROR, f"Encountered malformed JSON. {error}"))
            except (ValueError, OverflowError) as error:
                failures.append(self._failure(record, _MALFORMED, f"Data does not match the schema. {error}"))
        return (self._write(columns, rows) if rows else None), failures

    def _columns(self) -> dict[str, Column]:
        if self._schema.get("VersionId", "LATEST") != "LATEST":
            raise LocalCloudError("only VersionId LATEST of a table's schema is supported")
        table = self._glue.get_table(DatabaseName=self._schema["DatabaseName"], Name=self._schema["TableName"])
        # Partition keys are no part of this list, and so of no file.
        found = table["Table"]["StorageDescriptor"]["Columns"]
        return {entry["Name"]: column(entry["Type"], self._rules) for entry in found}

    def _rows(self, record: Record, columns: Mapping[str, Column]) -> list[tuple[Any, ...]]:
        # By the type's text, which also names what is inside.
        documents = _documents(record.data, exact=any("decimal" in str(found.type) for found in columns.values()))
        if not documents:
            raise ValueError("The record was empty or contained only whitespace.")
        rows = []
        for document in documents:
            if not isinstance(document, dict):
                raise ValueError("The top level of the JSON must be an object.")
            values = {self._rules.key(name): value for name, value in document.items()}
            rows.append(
                tuple(
                    found.convert(values.get(self._rules.key(self._keys.get(name, name))))
                    for name, found in columns.items()
                )
            )
        return rows

    def _write(self, columns: Mapping[str, Column], rows: Sequence[tuple[Any, ...]]) -> bytes:
        arrays = [
            pa.array(values, type=found.type)
            for found, values in zip(columns.values(), zip(*rows, strict=True), strict=True)
        ]
        table = pa.table(arrays, names=list(columns))
        buffer = io.BytesIO()
        if "OrcSerDe" in self._serializer:
            compression = self._serializer["OrcSerDe"].get("Compression", "SNAPPY").replace("NONE", "UNCOMPRESSED")
            orc.write_table(table, buffer, compression=compression)
        else:
            compression = (self._serializer.get("ParquetSerDe") or {}).get("Compression", "SNAPPY")
            parquet.write_table(table, buffer, compression=compression.replace("UNCOMPRESSED", "NONE"))
        return buffer.getvalue()

    def _failure(self, record: Record, code: str, message: str) -> Failure:
        return Failure(kind=FORMAT_CONVERSION, code=code, message=message, record=record, details=self._details)


def _rules(deserializer: Mapping[str, Any]) -> tuple[Rules, Mapping[str, str]]:
    if "HiveJsonSerDe" in deserializer:
        formats = (deserializer["HiveJsonSerDe"] or {}).get("TimestampFormats") or []
        unknown = set(formats) - {"millis"}
        if unknown:
            raise LocalCloudError(f"TimestampFormats {sorted(unknown)} are not supported, only 'millis'")
        return Rules(lenient=False, ignores_case=True, timestamp_formats=tuple(formats)), {}
    options = deserializer.get("OpenXJsonSerDe") or {}
    rules = Rules(
        lenient=True,
        ignores_case=options.get("CaseInsensitive", True),
        dots_to_underscores=options.get("ConvertDotsInJsonKeysToUnderscores", False),
    )
    return rules, options.get("ColumnToJsonKeyMappings") or {}


def _documents(data: bytes, *, exact: bool) -> list[Any]:
    """Return the JSON documents of a record, which may hold several one after the other."""
    decoder = _EXACT if exact else _FAST
    text = data.decode("utf-8", errors="strict").strip()
    found = []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found
