"""A smoke test of Redshift's SQL: one DuckDB database stands for one warehouse.

It is not Redshift. Distribution, sort keys, encodings, users and grants are read and dropped; there is no
cost, no concurrency, no permission. What passes here parses, names existing tables and columns, and loads
what it says it loads.

Above 200 lines: one class, whose statements share a connection and a transaction.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from local_cloud.engines.redshift import files as redshift_files
from local_cloud.engines.redshift.conversion import MACROS as CONVERSIONS
from local_cloud.engines.redshift.nested import readable
from local_cloud.errors import LocalCloudError
from local_cloud.server.private_files import make_private
from local_cloud.server.runtime import Runtime
from local_cloud.sql.binding import Binder
from local_cloud.sql.catalog import Catalog
from local_cloud.sql.duck import Session, identifier, quote
from local_cloud.sql.reach import check_redshift, tables_of

Result = tuple[list[tuple[str, Any]], list[tuple[Any, ...]]]

# DuckDB forgets an interruption that comes between two of its own statements, so it is repeated.
_INTERRUPT_SECONDS = 0.01

# What answers with rows, after any comments and parentheses.
_ROWS = re.compile(r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|values|show)\b", re.IGNORECASE | re.DOTALL)
# Accepted without effect: there are no users here, and nothing to tidy up.
_ADMINISTRATION = re.compile(
    r"(grant|revoke|vacuum|analyze|analyse|set\s|comment\s+on|alter\s+(default\s+privileges|user|group|role)"
    r"|(create|drop)\s+(user|group|role))\b.*",
    re.IGNORECASE | re.DOTALL,
)
_TRANSACTION = re.compile(
    r"(begin|start\s+transaction|commit|end|rollback|abort)(\s+(work|transaction))?", re.IGNORECASE
)
_EXTERNAL_SCHEMA = re.compile(
    r"create\s+external\s+schema\s+(if\s+not\s+exists\s+)?[\"]?(\w+)[\"]?\s+from\s+data\s+catalog\s+"
    r"database\s+'([^']+)'(.*)",
    re.IGNORECASE | re.DOTALL,
)
_MODEL = re.compile(r"(create|show|drop|explain)\s+model\b", re.IGNORECASE)
_DROP_SCHEMA = re.compile(r"drop\s+schema\s+(if\s+exists\s+)?[\"]?(\w+)[\"]?(\s+cascade|\s+restrict)?", re.IGNORECASE)
_IDENTITY = re.compile(
    r"[\"]?(\w+)[\"]?\s+(\w+)\s+(?:generated\s+by\s+default\s+as\s+)?identity\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)", re.I
)
# Physical properties of a table, which have no meaning here.
_PHYSICAL = re.compile(
    r"\b(?:diststyle\s+(?:auto|even|all|key)|(?:compound\s+|interleaved\s+)?sortkey\s*(?:\([^)]*\)|auto\b)?"
    r"|distkey\s*(?:\([^)]*\))?|encode\s+\w+|backup\s+(?:yes|no))",
    re.IGNORECASE,
)

_STATEMENTS = (
    exp.Alter,
    exp.Create,
    exp.Delete,
    exp.Drop,
    exp.Insert,
    exp.Merge,
    exp.Query,
    exp.TruncateTable,
    exp.Update,
    exp.Values,
)
_TEXTS = (exp.DType.VARCHAR, exp.DType.NVARCHAR, exp.DType.CHAR, exp.DType.TEXT)
_KINDS = ("TABLE", "VIEW", "SCHEMA")

_UNREPRODUCED = {
    exp.Bracket: "navigation in SUPER values",
    exp.Dot: "navigation in SUPER values",
    exp.Command: "this statement",
}
MACROS = ("redshift_divide(a, b) as case when b = 0 then error('Divide by zero') else a / b end",)


@dataclass(frozen=True)
class Kept:
    """A warehouse while the local cloud is stopped.

    Parameters
    ----------
    region, role: str
        Where it is, and under which role it reads the lake.
    external: dict
        The databases behind its external schemas.
    content: bytes
        The file of its database.
    """

    region: str
    role: str | None
    external: dict[str, str]
    content: bytes


class Warehouse:
    """One database of a workgroup, in a file that is gone when the local cloud is."""

    def __init__(self, runtime: Runtime, region: str, *, role: str | None = None, kept: Kept | None = None) -> None:
        self._region, self._role = region, role
        self._file = runtime.workdir / "redshift" / f"{uuid.uuid4()}.duckdb"
        make_private(self._file.parent)
        if kept:
            self._file.write_bytes(kept.content)
        self._session = Session(runtime, region, role=role, database=self._file)
        self._catalog = Catalog(runtime, region, role=role)
        self._external: dict[str, str] = dict(kept.external) if kept else {}
        self._lock = threading.Lock()
        self._running: str | None = None
        self._changing = threading.Lock()
        self._session.execute("create schema if not exists public; set schema = 'public'")
        for macro in (*MACROS, *CONVERSIONS):
            self._session.execute(f"create or replace macro main.{macro}")

    def kept(self) -> Kept:
        """Return all of it, while no statement runs."""
        self._session.execute("checkpoint")
        return Kept(self._region, self._role, self._external, self._file.read_bytes())

    def close(self) -> None:
        """Remove it. Closing twice is fine."""
        self._session.close()
        for file in self._file.parent.glob(f"{self._file.name}*"):
            file.unlink()

    def run(self, name: str, statements: Sequence[str], started: Callable[[], bool]) -> list[Result]:
        """Run statements as one transaction: all of them or none.

        `name` is by what `interrupt` knows them. `started` is called when it is their turn, and says whether
        they are still wanted.

        Raises
        ------
        LocalCloudError
            If one cannot be run.
        duckdb.Error
            If one fails.
        """
        with self._lock:
            if not started():
                return []
            self._session.execute("begin")
            external = dict(self._external)
            try:
                self._enter(name)
                try:
                    results = [self._run(sql.strip().rstrip(";").strip()) for sql in statements]
                finally:
                    # From here on nobody may interrupt: what follows ends the transaction.
                    self._enter(None)
            except BaseException:
                self._external = external
                self._session.execute("rollback")
                raise
            self._session.execute("commit")
            return results

    def interrupt(self, name: str) -> None:
        """End what runs under this name, and nothing else; return when it has ended."""
        while self._interrupted(name):
            time.sleep(_INTERRUPT_SECONDS)

    def _interrupted(self, name: str) -> bool:
        with self._changing:
            if self._running == name:
                self._session.interrupt()
            return self._running == name

    def _enter(self, name: str | None) -> None:
        with self._changing:
            self._running = name

    def _run(self, sql: str) -> Result:
        if matched := _MODEL.match(sql):
            raise LocalCloudError(
                f"{matched[1].upper()} MODEL is not reproduced by the local warehouse: Redshift ML trains by SageMaker "
                "Autopilot, and no engine stands for it"
            )
        if self._administer(sql) or self._transfer(sql):
            return [], []
        relation = self._session.execute(self._translate(self._without_physical(sql)))
        if not _ROWS.match(sql):
            return [], []
        columns = [(item[0].lower(), item[1]) for item in relation.description or []]
        return columns, relation.fetchall()

    def _administer(self, sql: str) -> bool:
        """Run a statement that concerns no table; return whether `sql` was one."""
        if _ADMINISTRATION.fullmatch(sql) or _TRANSACTION.fullmatch(sql):
            return True
        if matched := _EXTERNAL_SCHEMA.fullmatch(sql):
            self._create_external_schema(*matched.groups())
            return True
        matched = _DROP_SCHEMA.fullmatch(sql)
        return matched is not None and self._external.pop(matched[2].lower(), None) is not None

    def _transfer(self, sql: str) -> bool:
        """Run a COPY or UNLOAD; return whether `sql` was one."""
        load = redshift_files.copy(self._session, self._catalog.objects, sql)
        if load:
            self._session.execute(load)
            return True
        unload = redshift_files.unload(self._catalog.objects, sql)
        if unload:
            query, target = unload
            self._session.execute(f"copy ({self._translate(query)}) {target}")
            return True
        return False

    def _create_external_schema(self, existing: str | None, name: str, database: str, rest: str) -> None:
        if not re.search(r"\biam_role\s+(default|'[^']+')", rest, re.IGNORECASE):
            raise LocalCloudError("CREATE EXTERNAL SCHEMA needs IAM_ROLE")
        if name.lower() in self._external:
            if existing:
                return
            raise LocalCloudError(f'Schema "{name}" already exists')
        if not self._catalog.has_database(database.lower()):
            if not re.search(r"\bcreate\s+external\s+database\s+if\s+not\s+exists\b", rest, re.IGNORECASE):
                raise LocalCloudError(f'database "{database}" is not in the data catalog')
            self._catalog.glue.create_database(DatabaseInput={"Name": database.lower()})
        self._external[name.lower()] = database.lower()

    def _without_physical(self, sql: str) -> str:
        if re.match(r"create\s+(local\s+)?(temp(orary)?\s+)?table\b", sql, re.IGNORECASE):
            for column, _, start, step in _IDENTITY.findall(sql):
                sequence = identifier(f"identity_{self._next_identity()}_{column}")
                self._session.execute(f"create sequence {sequence} start {start} increment {step}")
                sql = _IDENTITY.sub(rf"\1 \2 default nextval({quote(sequence)})", sql, count=1)
            sql = _PHYSICAL.sub("", sql)
        sql = re.sub(r"\bvarchar\s*\(\s*max\s*\)|\bbpchar\s*\(\s*max\s*\)", "varchar", sql, flags=re.IGNORECASE)
        # A BLOB has no length.
        sql = re.sub(r"\b(varbyte|varbinary)\s*\(\s*\d+\s*\)", "varbyte", sql, flags=re.IGNORECASE)
        sql = re.sub(r"\bwith\s+no\s+schema\s+binding\s*$", "", sql, flags=re.IGNORECASE)
        return re.sub(r"\bsuper\b", "json", sql, flags=re.IGNORECASE)

    def _next_identity(self) -> int:
        counted = self._session.execute("select count(*) from duckdb_sequences()").fetchone()
        return int(counted[0]) if counted else 0

    def _translate(self, sql: str) -> str:
        try:
            found = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
        except SqlglotError as error:
            raise LocalCloudError(f"syntax error: {str(error).splitlines()[0]}") from None
        if len(found) != 1:
            raise LocalCloudError("exactly one statement is expected")
        tree = found[0]
        for kind, what in _UNREPRODUCED.items():
            if tree.find(kind):
                raise LocalCloudError(f"{what} is not reproduced by the local warehouse: {sql.split(maxsplit=3)[:3]}")
        _refuse_navigation(tree)
        self._check_reach(tree)
        for division in list(tree.find_all(exp.Div)):
            division.replace(exp.Anonymous(this="redshift_divide", expressions=[division.left, division.right]))
        _drop_constraints(tree)
        _limit_texts(tree)
        for moment in list(tree.find_all(exp.CurrentTimestamp)):
            moment.replace(sqlglot.parse_one("cast(current_timestamp as timestamp)", read="duckdb"))
        external = [table for table in tree.find_all(exp.Table) if table.db.lower() in self._external]
        if external and isinstance(tree, exp.Create) and tree.kind == "VIEW":
            raise LocalCloudError("a view on an external table is not reproduced by the local warehouse")
        for table in external:
            # Athena has tables of metadata behind such names.
            if "$" in table.name:
                raise LocalCloudError(f"Table with name {table.name} does not exist")
        Binder(self._session, self._catalog, shown=partial(readable, self._session)).bind(tree, self._external.get)
        return tree.sql(dialect="duckdb")

    def _check_reach(self, tree: exp.Expr) -> None:
        """Refuse what is no statement on this warehouse's own tables, or on those of its external schemas."""
        if not isinstance(tree, _STATEMENTS) or (isinstance(tree, (exp.Create, exp.Drop)) and tree.kind not in _KINDS):
            raise LocalCloudError(f"this statement is not reproduced by the local warehouse: {tree.key.upper()}")
        check_redshift(tree)
        own = self._own_tables()
        made = tree.this if isinstance(tree, (exp.Create, exp.Drop)) else None
        for table in tables_of(tree):
            if table in (made, getattr(made, "this", None)) or table.db.lower() in self._external:
                continue
            if not any(table.name.lower() == name and table.db.lower() in ("", schema) for schema, name in own):
                raise LocalCloudError(f"Table with name {table.name} does not exist")

    def _own_tables(self) -> set[tuple[str, str]]:
        found = self._session.execute(
            "select lower(schema_name), lower(table_name) from duckdb_tables() where not internal "
            "union all select lower(schema_name), lower(view_name) from duckdb_views() where not internal"
        )
        return set(found.fetchall())


def _drop_constraints(tree: exp.Expr) -> None:
    """Redshift does not enforce keys; DuckDB would."""
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        return
    unenforced = (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference)
    for constraint in list(tree.find_all(exp.ColumnConstraint)):
        if isinstance(constraint.kind, unenforced):
            constraint.pop()
    for item in list(tree.this.expressions):
        if not isinstance(item, (exp.ColumnDef, exp.LikeProperty)):
            item.pop()


def _refuse_navigation(tree: exp.Expr) -> None:
    """`s.a` is a field of the SUPER column s if nothing that the query reads is called s."""
    named = {table.alias_or_name.lower() for table in tree.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Values)}
    named |= {table.name.lower() for table in tree.find_all(exp.Table)}
    for column in tree.find_all(exp.Column):
        if column.table and column.table.lower() not in named:
            raise LocalCloudError(
                f"navigation in SUPER values is not reproduced by the local warehouse: {column.sql(dialect='redshift')}"
            )


def _limit_texts(tree: exp.Expr) -> None:
    """Limit the texts of a table to the bytes of their columns, which DuckDB does not."""
    for cast in tree.find_all(exp.Cast):
        if cast.to.this in _TEXTS and cast.to.expressions:
            # A cast cuts off.
            cast.set("this", exp.func("left", exp.cast(cast.this, "varchar"), cast.to.expressions[0].this.copy()))
    if not isinstance(tree, exp.Create) or not isinstance(tree.this, exp.Schema):
        return
    for column in tree.this.find_all(exp.ColumnDef):
        kind = column.args.get("kind")
        if kind is None or kind.this not in _TEXTS or not kind.expressions:
            continue
        length = exp.func("strlen", exp.column(column.this.copy()))
        check = exp.CheckColumnConstraint(this=exp.LTE(this=length, expression=kind.expressions[0].this.copy()))
        column.append("constraints", exp.ColumnConstraint(kind=check))


FAILURES = (LocalCloudError, duckdb.Error)
