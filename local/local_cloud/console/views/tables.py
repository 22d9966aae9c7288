"""Tables of the Data Catalog, the rows of one, and SQL for Athena."""

from __future__ import annotations

from typing import Any

from local_cloud.console.request import Moved, Request

_ROWS = 200
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


def show(request: Request) -> dict[str, Any]:
    """Return databases with their tables, the columns of the chosen table, and the query that was run."""
    databases = [
        (database["Name"], request.all("glue", "get_tables", "TableList", DatabaseName=database["Name"]))
        for database in request.all("glue", "get_databases", "DatabaseList")
    ]
    workgroups = _workgroups(request)
    table = _chosen(request, databases)
    query, columns, rows = _result(request)
    context = query["QueryExecutionContext"].get("Database", "") if query and "QueryExecutionContext" in query else ""
    return {
        "databases": databases,
        "table": table,
        "workgroups": workgroups,
        "workgroup": request.get("workgroup") or (query or {}).get("WorkGroup") or next(iter(workgroups), ""),
        "database": request.get("database") or context,
        "sql": request.get("sql") or (query["Query"] if query else ""),
        "query": query,
        "running": query is not None and query["Status"]["State"] not in _FINAL,
        "columns": columns,
        "rows": rows,
        "most": _ROWS,
        "select": _select,
    }


def query(request: Request) -> None:
    """Start a query in a workgroup, and show its result."""
    database, table = request.get("database"), request.get("table")
    context = {"QueryExecutionContext": {"Database": database}} if database else {}
    started = request.client("athena").start_query_execution(
        QueryString=request.get("sql"), WorkGroup=request.get("workgroup"), **context
    )
    chosen = {"database": database, "table": table}
    given = {name: value for name, value in chosen.items() if value}
    raise Moved("tables", query=started["QueryExecutionId"], **given)


def _select(database: str, table: str) -> str:
    quoted = ".".join('"{}"'.format(name.replace('"', '""')) for name in (database, table))
    return f"SELECT * FROM {quoted} LIMIT 50"


def _workgroups(request: Request) -> list[str]:
    """Return the workgroups, those first in which a query needs no output location."""
    athena = request.client("athena")
    names = [group["Name"] for group in request.all("athena", "list_work_groups", "WorkGroups")]

    def lacks_location(name: str) -> bool:
        settings = athena.get_work_group(WorkGroup=name)["WorkGroup"].get("Configuration", {})
        return not settings.get("ResultConfiguration", {}).get("OutputLocation")

    return sorted(names, key=lambda name: (lacks_location(name), name))


def _chosen(request: Request, databases: list[tuple[str, list[dict[str, Any]]]]) -> dict[str, Any] | None:
    tables = dict(databases).get(request.get("database"), [])
    return next((table for table in tables if table["Name"] == request.get("table")), None)


def _result(request: Request) -> tuple[dict[str, Any] | None, list[dict[str, Any]], list[list[str | None]]]:
    """Return the chosen query, and the columns and first rows of its result."""
    if not request.get("query"):
        return None, [], []
    athena = request.client("athena")
    query = athena.get_query_execution(QueryExecutionId=request.get("query"))["QueryExecution"]
    if query["Status"]["State"] != "SUCCEEDED":
        return query, [], []
    result = athena.get_query_results(QueryExecutionId=request.get("query"), MaxResults=_ROWS + 1)["ResultSet"]
    columns = result["ResultSetMetadata"]["ColumnInfo"]
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in result["Rows"]]
    # The first row of a table is its header.
    has_header = bool(rows) and rows[0] == [column["Name"] for column in columns]
    return query, columns, rows[has_header:][:_ROWS]
