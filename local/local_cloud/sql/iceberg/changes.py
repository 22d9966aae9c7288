"""UPDATE, DELETE and MERGE INTO: each is a query for the rows to remove and the rows to write, and one commit of both.

https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-updating-iceberg-table-data.html

Above 200 lines: the steps of one change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pyiceberg.table import Table
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.duck import Session, identifier
from local_cloud.sql.iceberg import tables, writes
from local_cloud.sql.iceberg.branches import INSERTED, Branch, branches_of
from local_cloud.sql.sources import Source
from local_cloud.sql.trino import coercion

_PLACE = 'lake.filename = c."$path" and lake.file_row_number = c."$position"'


class Change:
    """One statement's change of one table.

    Parameters
    ----------
    session: Session
        Where it is run.
    table: Table
        The table.
    tree: Update, Delete or Merge
        The parsed statement.
    query: callable
        Makes DuckDB's SQL of a query in Trino's.
    """

    def __init__(
        self,
        session: Session,
        table: Table,
        tree: exp.Update | exp.Delete | exp.Merge,
        query: Callable[[exp.Expr], str],
    ) -> None:
        self._session = session
        self._table = table
        self._tree = tree
        self._query = query
        self._types = writes.column_types(session, table)
        self._branches = [self._named(branch) for branch in branches_of(tree)]

    def run(self) -> int:
        """Change the rows, and return how many were changed, removed or added."""
        for branch in self._branches:
            what = INSERTED if not branch.matched else "The UPDATE SET target column"
            coercion.check_names(list(self._types), list(branch.values), what)
        if isinstance(self._tree, exp.Merge):
            self._check_scopes()
        select = self._select()
        source = Source(self._session, self._query(select.copy()), select)
        self._check_types(source, select)
        columns = [f"c{position}" for position in range(len(source.types))]
        self._session.execute(
            f"create or replace temp table changes as select {', '.join(self._picked(columns))} "
            f"from ({source.sql}) v({', '.join(columns)}) where c0 > 0"
        )
        self._check_matches()
        return self._commit()

    def _named(self, branch: Branch) -> Branch:
        """Give the values of an INSERT without names those of the table's columns."""
        if not any(name.startswith("$") for name in branch.values):
            return branch
        values = list(branch.values.values())
        if len(values) != len(self._types):
            raise LocalCloudError(
                f"TYPE_MISMATCH: line 1:1: MERGE inserts {len(values)} values, the table has {len(self._types)} columns"
            )
        return Branch(matched=False, condition=branch.condition, values=dict(zip(self._types, values, strict=True)))

    def _target(self) -> exp.Table:
        target: exp.Table = self._tree.this.copy()
        return target

    def _of_target(self, name: str) -> exp.Column:
        return exp.column(exp.to_identifier(name, quoted=True), table=self._target().alias_or_name)

    def _select(self) -> exp.Select:
        """Return the query for the action, place and new values of each row: the first branch that holds takes it."""
        action = exp.Case(ifs=[exp.If(this=self._holds(one), true=_number(i)) for i, one in self._numbered()])
        place = [self._of_target("$path"), self._of_target("$position")]
        select = exp.Select(expressions=[action.else_("0"), *place])
        for number, branch in self._numbered():
            for value in branch.values.values():
                select.append("expressions", self._only_of(number, value))
        if isinstance(self._tree, exp.Merge):
            target = exp.Join(this=self._target(), on=self._tree.args["on"].copy(), side="LEFT")
            return select.from_(self._tree.args["using"].copy()).join(target)
        select = select.from_(self._target())
        where = self._tree.args.get("where")
        return select.where(where.this.copy()) if where is not None else select

    def _numbered(self) -> list[tuple[int, Branch]]:
        return list(enumerate(self._branches, start=1))

    def _holds(self, branch: Branch) -> exp.Expr:
        absent: exp.Expr = exp.Is(this=self._of_target("$path"), expression=exp.null())
        kind = exp.Not(this=absent) if branch.matched else absent
        return exp.And(this=kind, expression=exp.Paren(this=branch.condition.copy())) if branch.condition else kind

    def _only_of(self, number: int, value: exp.Expr) -> exp.Expr:
        """Return a value that is calculated for the rows of its branch only."""
        if isinstance(value, exp.Null) or len(self._branches) == 1:
            return value.copy()
        earlier = [exp.If(this=self._holds(one), true=exp.null()) for i, one in self._numbered() if i < number]
        own = exp.If(this=self._holds(self._branches[number - 1]), true=value.copy())
        return exp.Case(ifs=[*earlier, own])

    def _check_scopes(self) -> None:
        """Fail where a row that is not in the table is made from the table's columns."""
        for branch in self._branches:
            values = [*branch.values.values(), *([branch.condition] if branch.condition else [])]
            if not branch.matched and values:
                alone = exp.Select(expressions=[value.copy() for value in values])
                self._query(alone.from_(self._tree.args["using"].copy()))

    def _check_types(self, source: Source, select: exp.Select) -> None:
        position = 3
        for branch in self._branches:
            given = source.types[position : position + len(branch.values)]
            position += len(branch.values)
            statement, side = branch.words
            targets = [self._types[name] for name in branch.values]
            coercion.check(statement, targets, given, precision=writes.PRECISION, side=side)

    def _picked(self, columns: Sequence[str]) -> list[str]:
        """Return the columns of the changes: action, place, and the value of each column that any branch gives one."""
        given: dict[str, list[str]] = {name: [] for name in self._types}
        position = 3
        for number, branch in self._numbered():
            for name in branch.values:
                value = f"cast({columns[position]} as {self._types[name]})"
                given[name].append(f"when c0 = {number} then {value}")
                position += 1
        values = [
            f"{_case(cases) if cases else f'cast(null as {self._types[name]})'} as {identifier(name)}"
            for name, cases in given.items()
        ]
        return ['c0 as "$action"', 'c1 as "$path"', 'c2 as "$position"', *values]

    def _check_matches(self) -> None:
        twice = self._session.execute(
            'select 1 from changes where "$path" is not null group by "$path", "$position" having count(*) > 1 limit 1'
        ).fetchone()
        if twice:
            raise LocalCloudError(
                "MERGE_TARGET_ROW_MULTIPLE_MATCHES: One MERGE target table row matched more than one source row"
            )

    def _commit(self) -> int:
        updating = [number for number, one in self._numbered() if one.removes and one.values]
        done = {number for (number,) in self._session.execute('select distinct "$action" from changes').fetchall()}
        if not done:
            # Nothing is committed.
            return 0
        into = f"merge into {tables.in_lake(self._table)} as lake using "
        if all(not self._branches[number - 1].matched for number in done):
            names = list(self._types)
            return writes.append(self._session, self._table, f"select {_list(names)} from changes", names)
        (count,) = self._session.execute("select count(*) from changes").fetchone() or (0,)
        adding = [number for number in done if self._branches[number - 1].values]
        if adding:
            self._fill(adding)
            writes.check_partitions(self._session, self._table, "new_rows", list(self._types))
        if done <= set(updating):
            sets = ", ".join(f"{identifier(name)} = c.{identifier(name)}" for name in self._types)
            statement = f"{into} new_rows c on {_PLACE} when matched then update set {sets}"
        elif not adding:
            statement = f"{into} changes c on {_PLACE} when matched then delete"
        else:
            # DuckDB has one action for matched rows. So a row that is changed is removed here, and added again.
            both = 'select "$path", "$position" from changes where "$path" is not null'
            added = f'select null as "$path", null as "$position", {_list(list(self._types))} from new_rows'
            names = list(self._types)
            statement = (
                f"{into} (from ({both}) union all by name {added}) c on {_PLACE} when matched then delete "
                f'when not matched and c."$path" is null then insert ({_list(names)}) '
                f"values ({', '.join(f'c.{identifier(name)}' for name in names)})"
            )
        writes.commit(self._session, self._table, statement)
        return int(count)

    def _fill(self, adding: Sequence[int]) -> None:
        """Make the rows that are written: columns to which a branch assigns nothing stay as they are."""
        chosen = []
        for name in self._types:
            column = identifier(name)
            assigning = [str(number) for number, one in self._numbered() if name in one.values] or ["-1"]
            chosen.append(
                f'case when c."$action" in ({", ".join(assigning)}) then c.{column} else t.{column} end as {column}'
            )
        self._session.execute(
            f'create or replace temp table new_rows as select c."$path", c."$position", {", ".join(chosen)} '
            f"from changes c left join (select *, filename, file_row_number from {tables.in_lake(self._table)}) t "
            f'on t.filename = c."$path" and t.file_row_number = c."$position" '
            f'where c."$action" in ({", ".join(map(str, adding))})'
        )


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(identifier, names))


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _case(branches: Sequence[str]) -> str:
    return f"case {' '.join(branches)} end"
