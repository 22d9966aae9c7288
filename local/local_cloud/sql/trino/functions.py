"""Functions whose meaning or spelling differs between Trino and DuckDB."""

from __future__ import annotations

import re
from typing import Any

import sqlglot
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.trino.nodes import call

# Functions that sqlglot hands on by name, and what they are called here. Others are refused.
_FUNCTIONS = {
    "map_agg": "trino_map_agg",
    "histogram": "histogram",
    "url_extract_host": "trino_url_host",
    "url_extract_path": "trino_url_path",
    "url_extract_protocol": "trino_url_protocol",
    "url_extract_query": "trino_url_query",
    "url_extract_parameter": "trino_url_parameter",
    "url_encode": "url_encode",
    "url_decode": "url_decode",
    "format": "printf",
    "json_array_length": "json_array_length",
    "is_nan": "isnan",
    "is_finite": "isfinite",
    "is_infinite": "isinf",
    "codepoint": "unicode",
    "cot": "cot",
    "array_sum": "list_sum",
    "entropy": "entropy",
    "geometric_mean": "geomean",
    "bitwise_not": "bitwise_not",
    "grouping": "grouping",
}

_JODA = {
    "yyyy": "%Y",
    "yy": "%y",
    "y": "%Y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "dd": "%d",
    "EEEE": "%A",
    "EEE": "%a",
    "E": "%a",
    "HH": "%H",
    "hh": "%I",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%g",
    "a": "%p",
    "DDD": "%j",
}


def date_diff(node: Any) -> Any:
    """Trino counts whole units elapsed, which is DuckDB's date_sub; its date_diff counts boundaries crossed."""
    unit = node.args.get("unit")
    return call("date_sub", exp.Literal.string(unit.name if unit else "day"), node.args["expression"], node.this)


def date_add(node: Any) -> Any:
    unit = exp.Interval(this=_as_text(node.expression), unit=node.args.get("unit"))
    return call("trino_plus", node.this, unit)


def _as_text(count: exp.Expr) -> exp.Expr:
    return exp.Literal.string(count.name) if isinstance(count, exp.Literal) else count


def date_trunc(node: Any) -> Any:
    return call("trino_date_trunc", exp.Literal.string(node.args["unit"].name), node.this)


def extract(node: Any) -> Any:
    """Trino's days of the week run from Monday 1 to Sunday 7."""
    if node.name.upper() in ("DOW", "DAY_OF_WEEK", "DAYOFWEEK"):
        node.set("this", exp.Var(this="ISODOW"))
    return node


def substring(node: Any) -> Any:
    return call("trino_substr", node.this, node.args.get("start"), node.args.get("length"))


def regexp_extract(node: Any) -> Any:
    return call("trino_regexp_extract", node.this, node.expression, node.args.get("group"))


def regexp_replace(node: Any) -> Any:
    """Trino writes groups as $1, DuckDB with a backslash."""
    replacement = node.args.get("replacement")
    if isinstance(replacement, exp.Literal):
        replacement.set("this", re.sub(r"\$(\d)", r"\\\1", replacement.name.replace("\\", "\\\\")))
    elif replacement is not None:
        raise LocalCloudError("NOT_SUPPORTED: regexp_replace() takes only a literal replacement locally")
    return node


def split_part(node: Any) -> Any:
    return call("trino_split_part", node.this, node.args.get("delimiter"), node.args.get("part_index"))


def json_scalar(node: Any) -> Any:
    path = node.expression
    text = path.sql(dialect="duckdb") if isinstance(path, exp.JSONPath) else None
    return call("trino_json_scalar", node.this, sqlglot.parse_one(text, read="duckdb") if text else path)


def slice(node: Any) -> Any:
    return call("trino_slice", node.this, node.args.get("start"), node.args.get("end"))


def position(node: Any) -> Any:
    return call("trino_position", node.this, node.expression)


def reduce(node: Any) -> Any:
    finish = node.args.get("finish")
    if isinstance(finish, exp.Lambda) and finish.this.sql() != finish.expressions[0].sql():
        raise LocalCloudError("NOT_SUPPORTED: reduce() takes only an identity as its last function locally")
    node.set("finish", None)
    return node


def format(node: Any) -> Any:
    return call("printf", node.this, *node.expressions)


def anonymous(node: Any) -> Any:
    name = node.name.lower()
    if name.startswith("trino_") or name == "date_sub":
        return node
    if name in ("any_match", "all_match", "none_match"):
        array, condition = node.expressions
        matches = exp.Transform(this=array, expression=condition)
        if name == "all_match":
            return exp.Coalesce(this=call("list_bool_and", matches), expressions=[exp.true()])
        found = exp.Coalesce(this=call("list_bool_or", matches), expressions=[exp.false()])
        return found if name == "any_match" else exp.Not(this=exp.Paren(this=found))
    if name == "format_datetime":
        moment, pattern = node.expressions
        return call("strftime", moment, exp.Literal.string(_joda(pattern)))
    if name not in _FUNCTIONS:
        raise LocalCloudError(f"FUNCTION_NOT_FOUND: function {name}() is not available in the local Athena")
    return call(_FUNCTIONS[name], *node.expressions)


def parse_datetime(node: Any) -> Any:
    parsed = call("strptime", node.this, exp.Literal.string(_joda(node.args.get("format"))))
    return exp.Cast(this=parsed, to=exp.DataType.build("timestamptz"))


def _joda(pattern: Any) -> str:
    if not isinstance(pattern, exp.Literal):
        raise LocalCloudError("NOT_SUPPORTED: a date pattern must be a literal in the local Athena")
    result = ""
    for quoted, run, _, literal in re.findall(r"'([^']*)'|(([A-Za-z])\3*)|(.)", pattern.name):
        if run and run not in _JODA:
            raise LocalCloudError(f"NOT_SUPPORTED: {run!r} in date pattern {pattern.name!r} is not reproduced locally")
        result += _JODA[run] if run else (quoted + literal).replace("%", "%%")
    return result
