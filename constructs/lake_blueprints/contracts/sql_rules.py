"""SQL of a contract's author, written for any database, made to speak of the table as DQDL does and Spark runs it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import frozen
from sqlglot import exp

from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.names import catalog_name
from lake_blueprints.contracts.quality import QualityRule
from lake_blueprints.contracts.spark_sql import Columns, check_columns, dialect_of, in_spark, parse_query

_TABLE = r"\$?\{\s*(?:object|table|model)\s*\}"
_SCHEMA = r"\$?\{\s*(?:schema|database)\s*\}"
_COLUMN = r"\$?\{\s*(?:property|column|field)\s*\}"
_PRIMARY = "primary"


@frozen(kw_only=True)
class SparkRule:
    """SQL of a rule as Spark runs it.

    Parameters
    ----------
    sql: str
        The query; the table is called `primary`.
    reads: tuple of str
        Other datasets that it reads.
    counts: bool
        Whether it can only tell how many rows there are; of any other query it is not known what its result tells.
    """

    sql: str
    reads: tuple[str, ...]
    counts: bool


def spark_rule(rule: QualityRule, dataset: Dataset, others: Mapping[str, Dataset | None]) -> SparkRule:
    """Return a rule's SQL as Spark runs it.

    Placeholders are replaced, the table is called `primary`, and what is written in the words of the contract's server
    is translated.

    Parameters
    ----------
    rule: QualityRule
        With the query, and the system in whose SQL it is written.
    dataset: Dataset
        Whose table is evaluated.
    others: mapping of str to Dataset
        Other datasets that it may read, None for one whose columns are not known.

    Raises
    ------
    ContractError
        If it reads another table or column, a placeholder is not known, it is not read as SQL, or Spark cannot run it.
    """
    text = _with_names(rule, dataset, others)
    if not text:
        raise ContractError("it has no query")
    tree = parse_query(text, rule.system)
    reads = _rename_tables(tree, dataset, others)
    tables: dict[str, Columns | None] = {_PRIMARY: _columns(dataset)}
    tables |= {name: _columns(other) if (other := others[name]) else None for name in reads}
    _rename_columns(tree, dataset)
    sql = in_spark(tree, tables, rule.system)
    tree = parse_query(sql, None)
    check_columns(tree, tables)
    if len(tree.selects) != 1 or tree.selects[0].is_star:
        raise ContractError("it returns rows or several columns, and one value is compared; count them by COUNT(*)")
    return SparkRule(sql=sql, reads=reads, counts=_is_count(tree))


def column_of(name: str | None, dataset: Dataset) -> Column:
    """Return a column by its name in the catalog or in the contract."""
    if name is None:
        raise ContractError("it is about a column, but stands beside none")
    for column in dataset.columns:
        if name in {column.name, column.source, column.business_name}:
            return column
    raise ContractError(f"the table has no column '{name}'; it has {', '.join(dataset.column_names)}")


def _is_count(tree: exp.Expr) -> bool:
    if not isinstance(tree, exp.Select) or tree.args.get("with_"):
        return False
    measured = tree.selects[0].unalias()
    match measured:
        case exp.CountIf():
            return True
        case exp.Count(this=exp.Star() | exp.Column() | exp.Literal()):
            return not measured.expressions
        case exp.Count(this=exp.Distinct(expressions=[exp.Column()])):
            return True
    return False


def _with_names(rule: QualityRule, dataset: Dataset, others: Mapping[str, Dataset | None]) -> str:
    """Return the SQL with names for its placeholders."""
    sql = (rule.query or "").strip().rstrip(";").rstrip()
    sql = re.sub(rf"[`\"\[]?(?:{_SCHEMA}\s*\.\s*)?{_TABLE}[`\"\]]?|{_SCHEMA}", _PRIMARY, sql)
    if re.search(_COLUMN, sql):
        name = column_of(rule.column, dataset).name
        quoted = exp.to_identifier(name, quoted=True).sql(dialect=dialect_of(rule.system))
        sql = re.sub(rf"'{_COLUMN}'", f"'{name}'", sql)
        sql = re.sub(rf"[`\"\[]?{_COLUMN}[`\"\]]?", lambda _: quoted, sql)
    if left := re.search(r"\$\{[^}]*\}", sql):
        raise ContractError(f"nothing is known that '{left[0]}' could stand for")
    if dialect_of(rule.system) != "spark":
        return sql
    # In Spark's own SQL they are texts, and authors who name no database mean names as well.
    known = {dataset.name, *dataset.column_names, *others, *_spellings(dataset)}
    return re.sub(r'"([^"\n]+)"', lambda found: f"`{found[1]}`" if found[1] in known else found[0], sql)


def _rename_tables(tree: exp.Expr, dataset: Dataset, others: Mapping[str, Dataset | None]) -> tuple[str, ...]:
    """Give each table its name among the sources of an evaluation; return the other datasets."""
    reads: dict[str, None] = {}
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name.lower() in named):
            continue
        name = _source(table, dataset, others)
        if name != _PRIMARY:
            reads[name] = None
        for column in tree.find_all(exp.Column):
            if not table.alias and column.table.lower() == table.name.lower():
                for part in ("db", "catalog"):
                    column.set(part, None)
                column.set("table", exp.to_identifier(name))
        for part, value in (("this", exp.to_identifier(name)), ("db", None), ("catalog", None)):
            table.set(part, value)
    return tuple(reads)


def _source(table: exp.Table, dataset: Dataset, others: Mapping[str, Dataset | None]) -> str:
    whole = ".".join(part.name for part in table.parts)
    for spelled in (table.name, whole):
        name = _in_catalog(spelled)
        if name in (_PRIMARY, dataset.name):
            return _PRIMARY
        if name in others:
            return name
    raise ContractError(f"it reads the table '{table.name.lower()}', which this lake does not evaluate it with")


def _rename_columns(tree: exp.Expr, dataset: Dataset) -> None:
    """Call columns as the catalog does."""
    names = {spelled.lower(): name for spelled, name in _spellings(dataset).items()}
    for column in tree.find_all(exp.Column):
        spelled = column.name.lower()
        if isinstance(column.this, exp.Identifier) and spelled not in dataset.column_names and spelled in names:
            column.set("this", exp.to_identifier(names[spelled], quoted=column.this.quoted))


def _spellings(dataset: Dataset) -> dict[str, str]:
    """Return the catalog's names of columns by those of the contract."""
    found: dict[str, str] = {}
    for column in dataset.columns:
        found |= dict.fromkeys(filter(None, (column.business_name, column.source)), column.name)
    return found


def _in_catalog(text: str) -> str:
    try:
        return catalog_name(text)
    except ContractError:
        return text


def _columns(dataset: Dataset) -> Columns:
    return {column.name: column.type for column in dataset.columns}
