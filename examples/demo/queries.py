"""SQL through boto3, as any analyst's program sends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from examples.demo.errors import DemoError

Cell = str | int | float | bool | None

_POLL_SECONDS = 0.1
_READERS: dict[str, Callable[[str], Cell]] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    **dict.fromkeys(("float", "real", "double", "decimal"), float),
    "boolean": lambda text: text == "true",
}


@dataclass(frozen=True)
class Answer:
    """The rows of a query, and how many bytes the engine read for them, if it says so."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    scanned_bytes: int | None = None

    def column(self, name: str) -> list[Any]:
        """Return the values of one column."""
        position = self.columns.index(name)
        return [row[position] for row in self.rows]


class Athena:
    """An Athena workgroup."""

    def __init__(self, client: Any, workgroup: str) -> None:
        self._client, self._workgroup = client, workgroup

    def ask(self, sql: str) -> Answer:
        """Run a query to its end."""
        started = self._client.start_query_execution(QueryString=sql, WorkGroup=self._workgroup)
        identity = started["QueryExecutionId"]
        while True:
            execution = self._client.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            status = execution["Status"]
            if status["State"] == "SUCCEEDED":
                break
            if status["State"] in ("FAILED", "CANCELLED"):
                raise DemoError(f"Athena: {status.get('StateChangeReason', status['State'])}")
            time.sleep(_POLL_SECONDS)
        return self._read(identity, execution["Statistics"]["DataScannedInBytes"])

    def _read(self, identity: str, scanned_bytes: int) -> Answer:
        pages = list(self._client.get_paginator("get_query_results").paginate(QueryExecutionId=identity))
        described = pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        texts = [
            [cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
        ]
        readers = [_READERS.get(column["Type"], str) for column in described]
        # The first row is the header.
        rows = [
            tuple(None if text is None else read(text) for read, text in zip(readers, row, strict=True))
            for row in texts[1:]
        ]
        return Answer(tuple(column["Name"] for column in described), tuple(rows), scanned_bytes)


class Redshift:
    """A database of a Redshift Serverless workgroup, through the Data API."""

    def __init__(self, client: Any, *, workgroup: str, database: str, secret: str) -> None:
        self._client = client
        self._connection = {"WorkgroupName": workgroup, "Database": database, "SecretArn": secret}

    def ask(self, sql: str) -> Answer:
        """Run a query to its end."""
        started = self._client.execute_statement(**self._connection, Sql=sql)
        while True:
            statement = self._client.describe_statement(Id=started["Id"])
            if statement["Status"] == "FINISHED":
                break
            if statement["Status"] in ("FAILED", "ABORTED"):
                raise DemoError(f"Redshift: {statement.get('Error', statement['Status'])}")
            time.sleep(_POLL_SECONDS)
        pages = list(self._client.get_paginator("get_statement_result").paginate(Id=started["Id"]))
        columns = tuple(column["name"] for column in pages[0]["ColumnMetadata"])
        return Answer(columns, tuple(tuple(map(_value, record)) for page in pages for record in page["Records"]))


def _value(field: dict[str, Any]) -> Cell:
    """Return the value of a field, which is an object with one key that names its type."""
    ((kind, value),) = field.items()
    cell: Cell = None if kind == "isNull" else value
    return cell
