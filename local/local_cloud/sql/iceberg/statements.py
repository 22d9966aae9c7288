"""Athena's statements that write Iceberg tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyiceberg.table import Table
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql import trino
from local_cloud.sql.catalogs import only_glue
from local_cloud.sql.duck import identifier
from local_cloud.sql.hive_ddl import HiveDdl
from local_cloud.sql.iceberg import creation, is_iceberg, maintenance, tables, writes
from local_cloud.sql.iceberg.changes import Change
from local_cloud.sql.sources import Source
from local_cloud.sql.trino import aliases

if TYPE_CHECKING:
    from local_cloud.sql.statements import Outcome, Runner

_OPTIMIZE = re.compile(
    r"OPTIMIZE\s+([\w./\"`-]+)\s+REWRITE\s+DATA\s+USING\s+BIN_PACK(?:\s+WHERE\s+(.*))?", re.IGNORECASE | re.DOTALL
)
_VACUUM = re.compile(r"VACUUM\s+([\w./\"`-]+)", re.IGNORECASE)


def create_table_as(runner: Runner, tree: exp.Create, name: tuple[str, str], options: dict[str, Any]) -> Outcome:
    """Create a table with the rows of a query."""
    runner.session.need_iceberg()
    aliases.check_names(aliases.given_names(tree.expression), stored="table")
    without = tree.find(exp.WithDataProperty)
    count = creation.create_as(
        runner.session,
        runner.catalog,
        name,
        options=options,
        location=f"{runner.output}tables/{runner.execution_id}/",
        query=runner.bound(runner.rewritten(tree.expression), precision=True),
        with_data=without is None or not without.args.get("no"),
    )
    return _wrote(runner, runner.catalog.need_table(*name), count)


def insert(runner: Runner, tree: exp.Insert, described: dict[str, Any]) -> Outcome:
    """Append the rows of a query."""
    runner.session.need_iceberg(described)
    given = [item.name.lower() for item in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
    query = tree.expression.copy()
    source = Source(runner.session, runner.query(tree.expression), query)
    count = writes.insert(runner.session, runner.catalog, described, given, source)
    return _wrote(runner, described, count)


def _wrote(runner: Runner, described: dict[str, Any], count: int) -> Outcome:
    files = writes.written(runner.catalog, described) if count else []
    return runner.outcome(written=files, update_count=count)


def change(runner: Runner, tree: exp.Update | exp.Delete | exp.Merge) -> Outcome:
    """Run UPDATE, DELETE or MERGE INTO."""
    described = runner.written(tree.this)
    if not is_iceberg(described):
        raise LocalCloudError(
            f"NOT_SUPPORTED: Modifying Hive table rows is only supported for Iceberg tables, not {described['Name']!r}"
        )
    runner.session.need_iceberg(described)
    changed = Change(runner.session, tables.load(runner.catalog, described), tree, runner.query).run()
    return runner.outcome(update_count=changed)


def maintain(runner: Runner, sql: str) -> Outcome:
    """Run OPTIMIZE or VACUUM."""
    only_glue(runner.database, sql.split(maxsplit=1)[0].upper())
    matched = _OPTIMIZE.fullmatch(sql) or _VACUUM.fullmatch(sql)
    if matched is None:
        raise LocalCloudError("SYNTAX_ERROR: expected is OPTIMIZE t REWRITE DATA USING BIN_PACK [WHERE …] or VACUUM t")
    described = runner.catalog.need_table(*HiveDdl(runner.catalog, runner.database).names(matched[1]))
    if not is_iceberg(described):
        raise LocalCloudError("NOT_SUPPORTED: OPTIMIZE and VACUUM are for Iceberg tables only")
    table = tables.load(runner.catalog, described)
    if matched.re is _VACUUM:
        maintenance.vacuum(runner.catalog, table)
    else:
        runner.session.need_iceberg()
        maintenance.optimize(runner.session, table, _files(runner, table, matched[2]) if matched[2] else None)
    return runner.outcome()


def _files(runner: Runner, table: Table, where: str) -> set[str]:
    """Return the data files in which a condition on partition columns holds for any row."""
    name = ".".join(map(identifier, table.name()))
    select = trino.parse(f'select distinct "$path" from {name} where {where}')
    condition = select.args.get("where")
    used = {column.name.lower() for column in condition.find_all(exp.Column)} if condition else set()
    if used - maintenance.partition_columns(table):
        raise LocalCloudError(
            "NOT_SUPPORTED: Unexpected FilterNode found in plan; probably connector was not able to handle provided "
            "WHERE expression"
        )
    return {path for (path,) in runner.session.execute(runner.query(select)).fetchall()}
