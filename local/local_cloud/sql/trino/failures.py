"""DuckDB's errors as Athena's: the code of the error, and its words where Trino's are known."""

from __future__ import annotations

import re

import duckdb

from local_cloud.sql.duck import message

_CODE = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+: .*)", re.DOTALL)
# Codes of what is wrong with names rather than with types.
OF_NAMES = ("COLUMN_NOT_FOUND", "AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE", "EXPRESSION_NOT_SCALAR")
_DENIED = "cannot be resolved or requester is not authorized to access requested resources"

# What DuckDB says, and what Athena does: the first that is found.
_KNOWN: tuple[tuple[str, str], ...] = (
    (r'Referenced column "([^"]+)"', rf"COLUMN_NOT_FOUND: line 1:1: Column '\1' {_DENIED}"),
    (r'Referenced table "([^"]+)" not found', rf"COLUMN_NOT_FOUND: line 1:1: Column '\1' {_DENIED}"),
    (r'does not have a column named "([^"]+)"', rf"COLUMN_NOT_FOUND: line 1:1: Column '\1' {_DENIED}"),
    (r'Could not find key "([^"]+)" in struct', rf"COLUMN_NOT_FOUND: line 1:1: Column '\1' {_DENIED}"),
    (r'Ambiguous reference to column name "([^"]+)"', r"AMBIGUOUS_NAME: line 1:1: Column '\1' is ambiguous"),
    (
        r'[Cc]olumn "?(\w+)"? must appear in the GROUP BY',
        r"EXPRESSION_NOT_AGGREGATE: line 1:1: '\1' must be an aggregate expression or appear in GROUP BY clause",
    ),
    (
        r"(WHERE|HAVING|GROUP BY|JOIN) (?:clause|condition) cannot contain (?:aggregates|window)",
        r"EXPRESSION_NOT_SCALAR: line 1:1: \1 clause cannot contain aggregations, window functions or grouping "
        "operations",
    ),
    (r"aggregate function calls cannot be nested", r"NESTED_AGGREGATION: line 1:1: Cannot nest aggregations"),
    (
        r"Macro trino_(\w+)\(\) has multiple",
        r"NOT_SUPPORTED: \1 of aggregates or of an outer query's columns is not reproduced locally; "
        "compute them in a subquery",
    ),
    (r"Macro trino_try_divide", "NOT_SUPPORTED: decimal division is not reproduced locally; cast one side to double"),
    (r"Macro trino_(\w+)\(\) does not support", r"FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters for function \1"),
    (r"types 'even\(", "NOT_SUPPORTED: the difference of aggregated dates or times; use date_diff()"),
    (
        r"types 'list_where\(BOOLEAN\[\], ([^[]*)",
        r"TYPE_MISMATCH: line 1:1: a condition must be a boolean: actual type \1",
    ),
    (
        r"Set operations can only apply to expressions with the same number",
        "TYPE_MISMATCH: line 1:1: query has different number of fields",
    ),
    (r"name and argument types '([^\w(]+)\(", r"TYPE_MISMATCH: line 1:1: Cannot apply operator: \1"),
    (r"name and argument types 'list_concat", "NOT_SUPPORTED: || takes two texts or two arrays locally"),
    (
        r"name and argument types '(?:trino_)?(\w+)\(([^']*)\)'",
        r"FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters (\2) for function \1",
    ),
    (
        r"Cannot (?:mix|compare) values of type (\w+)(?:_LITERAL)?\S* and (?:type )?(\w+)",
        r"TYPE_MISMATCH: line 1:1: Cannot apply operator to types \1 and \2",
    ),
    (
        r"Cannot (?:mix values of type|combine types|deduce template type|concatenate types)(.*)",
        r"TYPE_MISMATCH: line 1:1: All operands must be the same type:\1",
    ),
    (r"Scalar Function with name (?:trino_)?(\w+) does not exist", r"FUNCTION_NOT_FOUND: Function '\1' not registered"),
    (
        r"More than one row returned by a subquery",
        "SUBQUERY_MULTIPLE_ROWS: Scalar sub-query has returned multiple rows",
    ),
    (
        r"(?:No magic bytes|Invalid Input Error: .*[Pp]arquet|too small to be a Parquet file)(.*)",
        r"HIVE_BAD_DATA: Not valid Parquet file\1",
    ),
)
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
    (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
    (duckdb.ParserException, "SYNTAX_ERROR"),
    (duckdb.BinderException, "SYNTAX_ERROR"),
    (duckdb.CatalogException, "SYNTAX_ERROR"),
    (duckdb.NotImplementedException, "NOT_SUPPORTED"),
    (duckdb.HTTPException, "HIVE_CANNOT_OPEN_SPLIT"),
    (duckdb.IOException, "HIVE_CANNOT_OPEN_SPLIT"),
    (duckdb.InvalidInputException, "INVALID_FUNCTION_ARGUMENT"),
)


def failure(error: BaseException) -> str:
    """Return the reason of a failed query, as Athena begins it: with the code of the error."""
    text = message(error)
    if not isinstance(error, duckdb.Error):
        return text
    if own := _CODE.search(text):
        return own[1]
    for found, answer in _KNOWN:
        if matched := re.search(found, text):
            return matched.expand(answer)
    code = next((code for kind, code in _KINDS if isinstance(error, kind)), "GENERIC_INTERNAL_ERROR")
    return f"{code}: {re.sub(r'^[A-Z][A-Za-z ]+ Error: ', '', text)}"
