"""Athena's statements that read or write data, run by DuckDB.

Above 200 lines: a function for each kind of statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from local_cloud.errors import LocalCloudError
from local_cloud.sql import catalogs, hive_ddl, render, trino, unload
from local_cloud.sql.binding import Binder, Rows, athena_locate
from local_cloud.sql.catalog import PARQUET, PARQUET_STORAGE, Catalog
from local_cloud.sql.duck import Session, identifier, quote
from local_cloud.sql.iceberg import is_iceberg
from local_cloud.sql.projection import is_projected
from local_cloud.sql.sources import Source
from local_cloud.sql.tables import format_of
from local_cloud.sql.trino import aliases, coercion
from local_cloud.sql.types import HiveType, from_duckdb, parse

# https://docs.aws.amazon.com/athena/latest/ug/ctas-insert-into.html
MAX_PARTITIONS = 100

_MAINTENANCE = re.compile(r"(OPTIMIZE|VACUUM)\b", re.IGNORECASE)
_DDL = re.compile(r"\s*(ALTER|CREATE|DESC|DROP|MSCK|SHOW)", re.IGNORECASE)
_UTILITY = re.compile(r"\s*(DESC|SHOW|EXPLAIN)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Outcome of a statement: the rows that it returned or wrote.

    Parameters
    ----------
    columns: list[dict[str, Any]]
        Descriptions as GetQueryResults gives them.
    rows: list[list[str | None]]
        Rendered values.
    is_table: bool
        Whether the result has a header and is stored as CSV; else it is plain lines.
    written: list[str] | None
        URIs of the objects that the statement wrote: they become its manifest.
    update_count: int
        Rows written.
    """

    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    is_table: bool = False
    written: list[str] | None = None
    update_count: int = 0


def statement_type(sql: str) -> str:
    if _UTILITY.match(sql):
        return "UTILITY"
    # CREATE TABLE AS counts as DDL, as in Athena.
    return "DDL" if _DDL.match(sql) else "DML"


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs one statement.

    Parameters
    ----------
    session: Session
        A DuckDB session for this statement only.
    catalog: Catalog
        The Glue catalog.
    database: str
        Where names without a database are looked up.
    execution_id: str
        Part of the names of the files that are written.
    output: str
        URI prefix for tables without a location of their own.
    enforced: bool
        Whether the workgroup enforces that location.
    writes_table_buckets: bool
        Whether the workgroup lets it write tables of S3 Tables.
    """

    session: Session
    catalog: Catalog
    database: str
    execution_id: str
    output: str
    enforced: bool
    writes_table_buckets: bool

    @staticmethod
    def outcome(**arguments: Any) -> Outcome:
        """Return what came of a statement of the package for Iceberg tables, which is imported by this module."""
        return Outcome(**arguments)

    def run(self, sql: str) -> Outcome:
        """Run a statement.

        Raises
        ------
        LocalCloudError
            If it cannot be run, or not with Athena's meaning.
        duckdb.Error
            If it fails while running.
        """
        if statement_type(sql) != "DML":
            catalogs.only_glue(self.database, sql.split(maxsplit=1)[0].upper())
        lines = hive_ddl.HiveDdl(self.catalog, self.database).run(sql)
        if lines is not None:
            column = {**render.column_info("result", _text_type(self.session)), "Type": "string"}
            return Outcome(columns=[column] if lines else [], rows=[[line] for line in lines])
        unloaded = unload.STATEMENT.fullmatch(sql)
        if unloaded:
            return self._unload(unloaded[1], unloaded[2], unloaded[3])
        if _MAINTENANCE.match(sql):
            return self._of_iceberg("maintain", sql)
        tree = trino.parse(sql)
        if any(column.name == "$position" for column in tree.find_all(exp.Column)):
            raise LocalCloudError("COLUMN_NOT_FOUND: line 1:1: Column '$position' cannot be resolved")
        return self._run(tree, sql)

    def _run(self, tree: exp.Expr, sql: str) -> Outcome:
        match tree:
            case exp.Create(kind="VIEW"):
                return self._create_view(tree)
            case exp.Create(kind="TABLE") if tree.expression:
                return self._create_table_as(tree)
            case exp.Insert():
                return self._insert(tree)
            case exp.Update() | exp.Delete() | exp.Merge():
                return self._of_iceberg("change", tree)
            case exp.Query() | exp.Values():
                return self._select(tree)
        raise LocalCloudError(f"NOT_SUPPORTED: the local Athena does not run {sql.split(maxsplit=1)[0].upper()} so far")

    def _of_iceberg(self, action: str, *arguments: Any) -> Outcome:
        from local_cloud.sql.iceberg import statements  # noqa: PLC0415

        outcome: Outcome = getattr(statements, action)(self, *arguments)
        return outcome

    def named(self, table: exp.Table) -> tuple[str, str]:
        """Return the database and the name of a table that a statement is about."""
        return catalogs.database_of(table.db.lower(), self.database), table.name.lower()

    def written(self, named: exp.Table) -> dict[str, Any]:
        """Return the table whose rows a statement changes.

        Raises
        ------
        LocalCloudError
            If there is none, or the workgroup may not write it.
        """
        database, name = self.named(named)
        if catalogs.is_table_bucket(database) and not self.writes_table_buckets:
            raise LocalCloudError(
                f"NOT_SUPPORTED: {catalogs.full_name(database, name)} is a table of S3 Tables, which no workgroup "
                "writes that encrypts with SSE_KMS or CSE_KMS"
            )
        return self.catalog.need_table(database, name)

    def rewritten(self, tree: exp.Expr) -> exp.Expr:
        if isinstance(tree, exp.Values):
            width = len(tree.expressions[0].expressions) or 1
            names = exp.TableAlias(
                this=exp.to_identifier("v"), columns=[exp.to_identifier(f"_col{i}") for i in range(width)]
            )
            tree = sqlglot.select("*").from_(exp.Subquery(this=tree, alias=names))
        if not isinstance(tree, exp.Query):
            raise LocalCloudError(f"SYNTAX_ERROR: a query is expected, not {tree.key.upper()}")
        trino.rewrite(tree)
        trino.name_columns(tree)
        return tree

    def query(self, tree: exp.Expr) -> str:
        return self.bound(self.rewritten(tree))[0]

    def bound(self, tree: exp.Expr, *, precision: bool = False) -> tuple[str, list[Any] | None]:
        """Return a rewritten query on the catalog's tables; if asked, and if some may have six digits, types too."""

        def bind(rows: Rows) -> Callable[[exp.Expr], exp.Expr]:
            binder = Binder(self.session, self.catalog, rows)
            return lambda query: binder.bind(query, athena_locate(self.database))

        trino.analyse(self.session, tree, bind(Rows.NONE))
        types = None
        if self.session.reads_iceberg or trino.precision.is_precise(tree):
            precise = bind(Rows.PRECISION)
            trino.precision.keep_in_texts(self.session, tree, precise)
            if precision:
                types = trino.precision.types(self.session, trino.precision.mark(precise(tree.copy())))
        return trino.generate(bind(Rows.ALL)(tree)), types

    def _select(self, tree: exp.Expr) -> Outcome:
        sql, precise = self.bound(self.rewritten(tree), precision=True)
        relation = self.session.execute(sql)
        names = [item[0] for item in relation.description or []]
        types = [item[1] for item in relation.description or []]
        shown = precise or types
        rows = [
            [render.text(value, kind) for value, kind in zip(row, shown, strict=True)] for row in relation.fetchall()
        ]
        columns = [
            render.column_info(name.lower(), kind, precise=str(known) == trino.precision.PRECISE)
            for name, kind, known in zip(names, types, shown, strict=True)
        ]
        return Outcome(columns=columns, rows=rows, is_table=True)

    def _create_view(self, tree: exp.Create) -> Outcome:
        database, name = self.named(tree.this)
        catalogs.only_glue(database, "CREATE VIEW")
        catalogs.in_glue(tree.expression)
        existing = self.catalog.table(database, name)
        if existing and not tree.args.get("replace"):
            raise LocalCloudError(f"TABLE_ALREADY_EXISTS: View already exists: 'awsdatacatalog.{database}.{name}'")
        aliases.check_names(aliases.given_names(tree.expression), stored="view")
        sql = tree.expression.sql(dialect="athena")
        columns = [
            (column, str(from_duckdb(kind))) for column, kind in self.session.schema(self.query(tree.expression))
        ]
        aliases.check_names([column for column, _ in columns], stored="view")
        hive_ddl.create_view(self.catalog, database, name, sql=sql, columns=columns)
        return Outcome()

    def _create_table_as(self, tree: exp.Create) -> Outcome:
        database, name = self.named(tree.this)
        catalogs.only_glue(database, "CREATE TABLE AS")
        if self.catalog.table(database, name):
            if tree.args.get("exists"):
                return Outcome()
            raise LocalCloudError(
                f"TABLE_ALREADY_EXISTS: Destination table 'awsdatacatalog.{database}.{name}' already exists"
            )
        options = _table_options(tree)
        if options.get("table_type", "").upper() == "ICEBERG":
            return self._of_iceberg("create_table_as", tree, (database, name), options)
        _only_parquet(options.pop("format", "PARQUET"), "CREATE TABLE AS")
        keys = [key.lower() for key in options.pop("partitioned_by", [])]
        external = options.pop("external_location", None)
        if external and self.enforced:
            raise LocalCloudError(
                "The Create Table As Select query failed because it was submitted with an 'external_location' property "
                "to an Athena Workgroup that enforces a centralized output location for all queries. Please remove the "
                "'external_location' property and resubmit the query."
            )
        location = (external or f"{self.output}tables/{self.execution_id}").rstrip("/") + "/"
        unknown = set(options) - {"parquet_compression", "write_compression"}
        if unknown:
            raise LocalCloudError(f"NOT_SUPPORTED: table property {min(unknown)!r} is not reproduced locally")
        aliases.check_names(aliases.given_names(tree.expression), stored="table")
        select, columns = self._stored(tree.expression)
        aliases.check_names([column for column, _ in columns], stored="table")
        self._check_keys_last([column for column, _ in columns], keys)
        empty = " limit 0" if _without_data(tree) else ""
        output = replace(unload.PARQUET, partitioned_by=tuple(keys))
        written = self._write(
            f"select * from ({select}){empty}", columns, location, output, must_be_empty=f"{database}.{name}"
        )
        table = self.catalog.create_table(
            database,
            name,
            columns=[(column, str(kind)) for column, kind in columns if column not in keys],
            partition_keys=[(column, str(kind)) for column, kind in columns if column in keys],
            location=location,
            storage=PARQUET_STORAGE,
            parameters={"classification": "parquet", "parquet.compression": "SNAPPY"},
        )
        self.catalog.add_partitions(table, self.catalog.hive_partitions(table) if keys else {})
        return written

    def _insert(self, tree: exp.Insert) -> Outcome:
        target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        table = self.written(target)
        if is_iceberg(table):
            return self._of_iceberg("insert", tree, table)
        if format_of(table) != PARQUET:
            raise LocalCloudError("NOT_SUPPORTED: the local Athena inserts only into Parquet tables")
        keys = [key["Name"] for key in table.get("PartitionKeys", [])]
        described = [*table["StorageDescriptor"]["Columns"], *table.get("PartitionKeys", [])]
        columns = [(column["Name"], parse(column["Type"])) for column in described]
        given = [item.name.lower() for item in tree.this.expressions] if isinstance(tree.this, exp.Schema) else []
        given = given or [column for column, _ in columns]
        query = tree.expression.copy()
        source = Source(self.session, self.query(tree.expression), query)
        select = source.sql
        nulls = ", ".join(f"cast(null as {kind.duckdb}) as {identifier(name)}" for name, kind in columns)
        types = dict(self.session.schema(f"select {nulls}"))
        coercion.check_names(list(types), given, "Insert column name")
        coercion.check("Insert query has mismatched column types", [types[name] for name in given], source.types)
        values = {column: f"c{position}" for position, column in enumerate(given)}
        picked = ", ".join(f"{values.get(column, 'null')} as {identifier(column)}" for column, _ in columns)
        numbered = ", ".join(f"c{position}" for position in range(len(given)))
        output = replace(unload.PARQUET, partitioned_by=tuple(keys))
        written = self._write(
            f"select {picked} from ({select}) v({numbered})", columns, table["StorageDescriptor"]["Location"], output
        )
        if keys and not is_projected(table.get("Parameters", {})):
            self.catalog.add_partitions(table, self.catalog.hive_partitions(table))
        return written

    def _unload(self, query: str, target: str, options: str) -> Outcome:
        output = unload.output_of(options)
        select, columns = self._stored(trino.parse(query))
        self._check_keys_last([column for column, _ in columns], list(output.partitioned_by))
        # To partitions an UNLOAD adds.
        must_be_empty = "" if output.partitioned_by else target
        return self._write(select, columns, target.rstrip("/") + "/", output, must_be_empty=must_be_empty)

    def _stored(self, tree: exp.Expr) -> tuple[str, list[tuple[str, HiveType]]]:
        """Return a query, and names and types of the columns as which Hive's writers store its own."""
        select, precise = self.bound(self.rewritten(tree), precision=True)
        columns = self._stored_columns(select)
        known = [trino.precision.PRECISE in str(kind) for kind in precise] if precise else [False] * len(columns)
        unload.check_precision([name for name, _ in columns], known)
        return select, columns

    def _stored_columns(self, select: str) -> list[tuple[str, HiveType]]:
        return [(name.lower(), from_duckdb(kind)) for name, kind in self.session.schema(select)]

    def _check_keys_last(self, columns: list[str], keys: list[str]) -> None:
        if keys and columns[-len(keys) :] != keys:
            raise LocalCloudError(
                "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same "
                f"order as the table properties: {keys}"
            )

    def _write(
        self,
        select: str,
        columns: list[tuple[str, HiveType]],
        location: str,
        output: unload.Output,
        *,
        must_be_empty: str = "",
    ) -> Outcome:
        """Write a select's rows, cast to the types that the catalog will say they have."""
        folder = location.rstrip("/") + "/"
        if not folder.startswith("s3://"):
            raise LocalCloudError(f"INVALID_TABLE_PROPERTY: {location!r} is not a location in Amazon S3")
        before = {item.uri for item in self.catalog.objects.list(folder)}
        if must_be_empty and before:
            raise LocalCloudError(
                f"HIVE_PATH_ALREADY_EXISTS: Target directory for table '{must_be_empty}' already exists: {folder}. "
                "You may need to manually clean the data before retrying."
            )
        if output.partitioned_by:
            target = folder.rstrip("/")
            names = ", ".join(map(identifier, output.partitioned_by))
            how = (
                f", partition_by ({names}), overwrite_or_ignore, filename_pattern '{self.execution_id}_{{i}}', "
                f"file_extension {quote(output.suffix.removeprefix('.'))}"
            )
        else:
            target, how = f"{folder}{self.execution_id}_0{output.suffix}", ""
        copied = self.session.execute(
            f"copy (select {output.select(columns)} from ({select})) to {quote(target)} ({output.options}{how})"
        ).fetchone()
        written = [item.uri for item in self.catalog.objects.list(folder) if item.uri not in before]
        if len({uri.rsplit("/", 1)[0] for uri in written}) > MAX_PARTITIONS:
            raise LocalCloudError(
                f"HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {MAX_PARTITIONS} open writers for partitions/buckets"
            )
        return Outcome(written=written, update_count=int(copied[0]) if copied else 0)


def _text_type(session: Session) -> Any:
    return session.schema("select '' as x")[0][1]


def _only_parquet(name: str, statement: str) -> None:
    if name.upper() != "PARQUET":
        raise LocalCloudError(f"NOT_SUPPORTED: {statement} writes only format = 'PARQUET' locally, got {name!r}")


def _table_options(tree: exp.Create) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for item in tree.args["properties"].expressions if tree.args.get("properties") else []:
        match item:
            case exp.FileFormatProperty():
                options["format"] = item.this.name
            case exp.PartitionedByProperty():
                options["partitioned_by"] = [key.name for key in item.this.expressions]
            case exp.LocationProperty():
                options["location"] = item.this.name
            case exp.WithDataProperty():
                pass
            case exp.Property():
                options[item.name.lower()] = _option(item.args.get("value"))
    return options


def _option(value: exp.Expr | None) -> Any:
    match value:
        case exp.Array():
            return [one.name for one in value.expressions]
        case exp.Boolean():
            return str(value.this).lower()
    return value.name if value is not None else ""


def _without_data(tree: exp.Create) -> bool:
    found = tree.find(exp.WithDataProperty)
    return found is not None and bool(found.args.get("no"))


def substitute(sql: str, parameters: list[str]) -> str:
    """Put execution parameters, which are written as SQL literals, where the question marks are.

    Raises
    ------
    LocalCloudError
        If there are more or fewer of them.
    """
    marks = [token.start for token in sqlglot.tokenize(sql, read="athena") if token.token_type == TokenType.PLACEHOLDER]
    if len(marks) != len(parameters):
        raise LocalCloudError(f"Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}")
    for mark, parameter in zip(reversed(marks), reversed(parameters), strict=True):
        sql = f"{sql[:mark]}{parameter}{sql[mark + 1 :]}"
    return sql
