"""SQL that a contract's author wrote for another database, made to speak of the table as DQDL does."""

from __future__ import annotations

import re

from lake_blueprints.contracts.column import Column
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.measures import quoted
from lake_blueprints.contracts.quality import QualityRule

_TABLE = r"\$?\{\s*(?:object|table|model)\s*\}"
_SCHEMA = r"\$?\{\s*(?:schema|database)\s*\}"
_COLUMN = r"\$?\{\s*(?:property|column|field)\s*\}"
_READS = re.compile(r"\b(?:from|join)\s+([`\w][`\w.]*)(?!\s*\()", re.IGNORECASE)
_NAMED_QUERY = re.compile(r"(?:\bwith|,)\s+(?:recursive\s+)?`?(\w+)`?\s+as\s*\(", re.IGNORECASE)

_COUNT = re.compile(
    r"select\s+count\s*\(\s*(?:\*|1|(?:distinct\s+)?[`\w.]+)\s*\)\s*(?:(?:as\s+)?`?\w+`?\s+)?from\b", re.IGNORECASE
)
_SEVERAL_QUERIES = re.compile(r"\b(?:union|intersect|except|minus)\b", re.IGNORECASE)


def is_count(sql: str) -> bool:
    """Whether a query can only tell how many rows there are; of any other it is not known what its result tells."""
    return bool(_COUNT.match(sql)) and not _SEVERAL_QUERIES.search(sql)


def resolved_sql(rule: QualityRule, dataset: Dataset, others: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """Return a rule's SQL, and the datasets among `others` that it reads.

    Placeholders are replaced, the table is called `primary`, and names in double quotes stand in backticks.

    Raises
    ------
    ContractError
        If it reads another table, or a placeholder is not known.
    """
    sql = re.sub(r'"(\w+)"', r"`\1`", (rule.query or "").strip().rstrip(";").rstrip())
    sql = re.sub(rf"(?:{_SCHEMA}\s*\.\s*)?{_TABLE}|{_SCHEMA}", "primary", sql)
    if re.search(_COLUMN, sql):
        name = quoted(column_of(rule.column, dataset).name)
        sql = re.sub(rf"[`\"]?{_COLUMN}[`\"]?", name, sql)
    if left := re.search(r"\$\{[^}]*\}", sql):
        raise ContractError(f"nothing is known that '{left[0]}' could stand for")
    reads = []
    named = {name.lower() for name in _NAMED_QUERY.findall(sql)}
    for found in dict.fromkeys(_READS.findall(sql)):
        table = found.replace("`", "").rpartition(".")[2].lower()
        if table == dataset.name:
            sql = _renamed(sql, found, "primary")
        elif table in others:
            reads.append(table)
            sql = _renamed(sql, found, table)
        elif table not in {"primary", *named, *dataset.column_names}:
            raise ContractError(f"it reads the table '{table}', which this lake does not evaluate it with")
    return _renamed(sql, dataset.name, "primary"), tuple(reads)


def _renamed(sql: str, table: str, name: str) -> str:
    """Return SQL in which a table has another name, where it is read and before its columns."""
    sql = re.sub(rf"(\b(?:from|join)\s+){re.escape(table)}(?![\w`.])", rf"\1{name}", sql, flags=re.IGNORECASE)
    return re.sub(rf"(?<![\w`.]){re.escape(table)}(?=\.)", name, sql)


def column_of(name: str | None, dataset: Dataset) -> Column:
    """Return a column by its name in the catalog or in the contract."""
    if name is None:
        raise ContractError("it is about a column, but stands beside none")
    for column in dataset.columns:
        if name in {column.name, column.source, column.business_name}:
            return column
    raise ContractError(f"the table has no column '{name}'; it has {', '.join(dataset.column_names)}")
