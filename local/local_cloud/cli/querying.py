"""Commands that ask Athena: SQL, and the rows of a table."""

from __future__ import annotations

import time
from argparse import Namespace
from itertools import count
from typing import Any

from local_cloud.cli.session import Session, add_region, one_line, service_errors
from local_cloud.cli.text_tables import text_table
from local_cloud.errors import LocalCloudError

_POLL_SECONDS = 0.1
_NUMBERS = ("tinyint", "smallint", "integer", "bigint")
_ROWS = 10
_MOST_ROWS = 1000


def add_parsers(commands: Any) -> None:
    """Add the commands."""
    query = commands.add_parser("query", help="run SQL in Athena and print the result")
    query.add_argument("sql", metavar="SQL", help="one statement")
    query.add_argument("--database", help="where tables are looked up; default: the only database with tables")
    query.set_defaults(run=_query)
    rows = commands.add_parser("rows", help="print rows of a table")
    rows.add_argument("table", metavar="TABLE", help="its name, or DATABASE.TABLE")
    rows.add_argument("--limit", type=int, default=_ROWS, metavar="ROWS", help=f"default: {_ROWS}")
    rows.set_defaults(run=_rows)
    for parser in (query, rows):
        parser.add_argument("--workgroup", help="default: the first that says where results go")
        add_region(parser)


def _query(options: Namespace) -> None:
    if not options.sql.strip():
        raise LocalCloudError(f"SQL must be one statement, such as 'select 1', got {options.sql!r}")
    session = Session.of(options)
    with service_errors():
        if options.database:
            _ask(session, options, options.sql, options.database)
            return
        holding = sorted({found for found, _ in _tables(session, options.region)})
        try:
            _ask(session, options, options.sql, holding[0] if len(holding) == 1 else "default")
        except LocalCloudError as error:
            if len(holding) < 2:
                raise
            raise LocalCloudError(f"{error} (choose a --database if need be: {', '.join(holding)})") from None


def _rows(options: Namespace) -> None:
    if options.limit < 1:
        raise LocalCloudError(f"--limit must be at least 1, got {options.limit}")
    session = Session.of(options)
    with service_errors():
        tables = _tables(session, options.region)
        wanted = options.table.lower()
        found = [pair for pair in tables if wanted in (pair[1], ".".join(pair))]
        if len(found) != 1:
            candidates = ", ".join(".".join(pair) for pair in found or tables) or "none"
            problem = f"several tables are named {wanted}" if found else f"there is no table {wanted}"
            raise LocalCloudError(f"{problem}; there are: {candidates}")
        ((database, table),) = found
        _ask(session, options, f'SELECT * FROM "{database}"."{table}" LIMIT {options.limit}', database)


def _tables(session: Session, region: str) -> list[tuple[str, str]]:
    glue = session.client("glue", region)
    databases = [
        database["Name"] for page in glue.get_paginator("get_databases").paginate() for database in page["DatabaseList"]
    ]
    return sorted(
        (database, table["Name"])
        for database in databases
        for page in glue.get_paginator("get_tables").paginate(DatabaseName=database)
        for table in page["TableList"]
    )


def _ask(session: Session, options: Namespace, sql: str, database: str) -> None:
    athena = session.client("athena", options.region)
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": database},
        WorkGroup=options.workgroup or _workgroup(athena),
    )["QueryExecutionId"]
    while (execution := athena.get_query_execution(QueryExecutionId=started)["QueryExecution"])["Status"]["State"] in (
        "QUEUED",
        "RUNNING",
    ):
        time.sleep(_POLL_SECONDS)
    status = execution["Status"]
    if status["State"] != "SUCCEEDED":
        raise LocalCloudError(one_line(status.get("StateChangeReason") or f"the query was {status['State'].lower()}"))
    results = athena.get_query_results(QueryExecutionId=started, MaxResults=_MOST_ROWS)
    columns = results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    names = [column["Label"] for column in columns]
    numbers = [column["Type"] in _NUMBERS for column in columns]
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in results["ResultSet"]["Rows"]]
    # Athena repeats the names in the first row of what a SELECT returns.
    if execution.get("StatementType") == "DML" and rows and rows[0] == names:
        rows = rows[1:]
    if names:
        print(text_table(names, [list(map(_value, row, numbers)) for row in rows]))
    if "NextToken" in results:
        print(f"… only the first {len(rows):,} rows are shown")


def _value(text: str | None, number: bool) -> str | int | None:
    return int(text) if number and text else text


def _workgroup(athena: Any) -> str:
    """Return the first workgroup that says where results go, by name."""
    names: list[str] = []
    token: dict[str, str] = {}
    for _ in count():
        page = athena.list_work_groups(**token)
        names += [group["Name"] for group in page["WorkGroups"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    for name in sorted(names):
        configuration = athena.get_work_group(WorkGroup=name)["WorkGroup"].get("Configuration", {})
        if configuration.get("ResultConfiguration", {}).get("OutputLocation"):
            return name
    raise LocalCloudError("no workgroup of Athena says where results go; deploy one with an output location")
