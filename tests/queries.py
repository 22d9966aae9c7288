"""Queries and statements that tests run to their end."""

from __future__ import annotations

import time
from typing import Any

_INTERVAL_SECONDS = 0.02


def athena(client: Any, sql: str, **options: Any) -> list[list[Any]]:
    """Run a query of Athena, which must succeed, and return its rows without the header."""
    query = {"QueryExecutionId": client.start_query_execution(QueryString=sql, **options)["QueryExecutionId"]}
    while (status := client.get_query_execution(**query)["QueryExecution"]["Status"])["State"] in ("QUEUED", "RUNNING"):
        time.sleep(_INTERVAL_SECONDS)
    assert status["State"] == "SUCCEEDED", status
    pages = client.get_paginator("get_query_results").paginate(**query)
    rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
    return [[cell.get("VarCharValue") for cell in row] for row in rows[1:]]


def redshift(client: Any, sql: str, **connection: str) -> list[list[Any]]:
    """Run a statement of the Redshift Data API, which must succeed, and return its rows if it has any."""
    statement = client.execute_statement(Sql=sql, **connection)["Id"]
    while (found := client.describe_statement(Id=statement))["Status"] in ("SUBMITTED", "PICKED", "STARTED"):
        time.sleep(_INTERVAL_SECONDS)
    assert found["Status"] == "FINISHED", found["Error"]
    if not found["HasResultSet"]:
        return []
    pages = client.get_paginator("get_statement_result").paginate(Id=statement)
    rows = [row for page in pages for row in page["Records"]]
    return [[None if "isNull" in cell else next(iter(cell.values())) for cell in row] for row in rows]
