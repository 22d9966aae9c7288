"""Functions whose meaning or spelling differs between Trino and DuckDB.

Above 200 lines: a table of functions, each with its translation.
"""

from __future__ import annotations

import re
from typing import Any

import sqlglot
from sqlglot import exp

from local_cloud.errors import LocalCloudError
from local_cloud.sql.trino.nodes import call, refuse

# Functions that sqlglot hands on by name, and what they are called here. Others are refused.
_FUNCTIONS = {
    "array_histogram": "trino_array_histogram",
    "array_union": "trino_array_union",
    "arrays_overlap": "trino_arrays_overlap",
    "bitwise_left_shift": "trino_left_shift",
    "codepoint": "trino_codepoint",
    "cosine_similarity": "list_cosine_similarity",
    "e": "trino_e",
    "every": "bool_and",
    "geometric_mean": "geomean",
    "grouping": "grouping",
    "hamming_distance": "hamming",
    "histogram": "histogram",
    "infinity": "trino_infinity",
    "is_finite": "isfinite",
    "is_infinite": "isinf",
    "is_json_scalar": "trino_is_json_scalar",
    "is_nan": "isnan",
    "json_array_get": "trino_json_array_get",
    "json_array_length": "trino_json_array_length",
    "json_size": "trino_json_size",
    "log10": "log10",
    "log2": "log2",
    "map_agg": "trino_map_agg",
    "map_concat": "map_concat",
    "map_entries": "map_entries",
    "map_values": "map_values",
    "millisecond": "trino_millisecond",
    "nan": "trino_nan",
    "to_iso8601": "trino_to_iso8601",
    "trim_array": "trino_trim_array",
    "url_decode": "trino_url_decode",
    "url_encode": "trino_url_encode",
    "url_extract_fragment": "trino_url_fragment",
    "url_extract_host": "trino_url_host",
    "url_extract_parameter": "trino_url_parameter",
    "url_extract_path": "trino_url_path",
    "url_extract_port": "trino_url_port",
    "url_extract_protocol": "trino_url_protocol",
    "url_extract_query": "trino_url_query",
    "yow": "trino_year_of_week",
}
# What the rewrites of this package leave, for DuckDB.
_OURS = ("trino_", "to_")
_LEFT = (
    "cardinality",
    "len",
    "date_sub",
    "printf",
    "strftime",
    "timezone",
    "list_bool_and",
    "map_keys",
    "map_values",
    "unnest",
    "arg_max_null",
)

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
# MySQL's specifiers that DuckDB's strftime has, in its spelling, as sqlglot translates them.
_MYSQL = re.compile(r"%(?:-?[mdHI]|[YyMSfjBbaApT])")
_UNITS = ("MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_FIELDS = {
    **{unit: unit for unit in _UNITS if unit != "MILLISECOND"},
    "DAY_OF_MONTH": "DAY",
    "DAY_OF_WEEK": "ISODOW",
    "DAYOFWEEK": "ISODOW",
    "DAYOFWEEKISO": "ISODOW",
    "DOW": "ISODOW",
    "DAY_OF_YEAR": "DOY",
    "DAYOFYEAR": "DOY",
    "DOY": "DOY",
    "YEAR_OF_WEEK": "ISOYEAR",
    "YEAROFWEEK": "ISOYEAR",
    "YOW": "ISOYEAR",
}
_FORMAT = re.compile(r"%(?:%|s|-?\d*s|,?d|0\d+d|\d+d|,?\.\d+f)|[^%]")


def _unit(node: Any) -> str:
    unit = node.args.get("unit")
    name = str(unit.name).upper() if unit is not None else "DAY"
    if name not in _UNITS:
        raise LocalCloudError(f"INVALID_FUNCTION_ARGUMENT: '{name.lower()}' is not a valid DATE or TIMESTAMP field")
    return name.lower()


def date_diff(node: Any) -> Any:
    """Trino counts whole units elapsed, which is DuckDB's date_sub; its date_diff counts boundaries crossed."""
    return call("date_sub", exp.Literal.string(_unit(node)), node.args["expression"], node.this)


def date_add(node: Any) -> Any:
    return call("trino_plus", node.this, call(f"to_{_unit(node)}s", node.expression))


def date_trunc(node: Any) -> Any:
    return call("trino_date_trunc", exp.Literal.string(_unit(node)), node.this)


def extract(node: Any) -> Any:
    """Trino's days of the week run from Monday 1 to Sunday 7."""
    name = str(node.this.name).upper()
    if name not in _FIELDS:
        raise LocalCloudError(f"NOT_SUPPORTED: EXTRACT of {name} is not reproduced locally")
    node.set("this", exp.Var(this=_FIELDS[name]))
    return node


def pattern(node: Any) -> Any:
    """A date pattern is a literal of specifiers that DuckDB reads as Trino does."""
    given = node.args.get("format")
    found = re.findall(r"%-?.", given.name) if isinstance(given, exp.Literal) else None
    unknown = (
        "a computed date pattern"
        if found is None
        else next((item for item in found if not _MYSQL.fullmatch(item)), None)
    )
    if unknown:
        raise LocalCloudError(f"NOT_SUPPORTED: {unknown!r} in date_format() or date_parse() is not reproduced locally")
    return node


def regexp_replace(node: Any) -> Any:
    r"""Trino writes groups as $1 and a dollar sign as \$, DuckDB groups with a backslash."""
    replacement = node.args.get("replacement")
    if isinstance(replacement, exp.Literal):
        parts = re.findall(r"\\(.)|\$(\d)|(\$\{)|(.)", replacement.name, re.DOTALL)
        if any(named for _, _, named, _ in parts):
            raise LocalCloudError("NOT_SUPPORTED: named groups in regexp_replace() are not reproduced locally")
        text = "".join(
            rf"\{group}" if group else (escaped or plain).replace("\\", r"\\") for escaped, group, _, plain in parts
        )
        return call("trino_regexp_replace", node.this, node.expression, exp.Literal.string(text))
    raise LocalCloudError("NOT_SUPPORTED: regexp_replace() takes only a literal replacement locally")


def trim(node: Any) -> Any:
    """Trino trims all whitespace, DuckDB spaces."""
    if node.expression is not None:
        return node
    node.set("expression", exp.Literal.string(" \t\n\r\f\v"))
    return node


def json_scalar(node: Any) -> Any:
    return call("trino_json_scalar", node.this, _json_path(node))


def json_extract(node: Any) -> Any:
    if node.args.get("json_query"):
        return refuse("json_query() is not reproduced locally")(node)
    return call("trino_json_extract", node.this, _json_path(node))


def _json_path(node: Any) -> Any:
    path = node.expression
    text = path.sql(dialect="duckdb") if isinstance(path, exp.JSONPath) else None
    return sqlglot.parse_one(text, read="duckdb") if text else path


def two_arrays(name: str) -> Any:
    def rewrite(node: Any) -> Any:
        given = node.expressions or [node.this, node.expression]
        if len(given) != 2:
            return refuse(f"{node.sql_name().lower()}() takes two arrays")(node)
        return call(name, *given)

    return rewrite


def macro(name: str, *more: str) -> Any:
    """Return the rewrite as a call of the node's own argument, if it has one, and of more of them by their names."""
    return lambda node: call(name, node.this, *(node.args.get(argument) for argument in more))


def cardinality(node: Any) -> Any:
    """Types of aggregates are not known when a macro is chosen."""
    if node.this.find(exp.AggFunc) is None and not node.this.find(exp.Anonymous):
        return call("trino_cardinality", node.this)
    maps = ("trino_map_agg", "histogram", "trino_from_entries", "trino_map")
    of_map = isinstance(node.this, exp.Anonymous) and node.this.name in maps
    return call("cardinality" if of_map else "len", node.this)


def array_sort(node: Any) -> Any:
    if node.args.get("expression") is not None:
        raise LocalCloudError("NOT_SUPPORTED: array_sort() with a comparator is not reproduced locally")
    return call("trino_array_sort", node.this)


def concat(node: Any) -> Any:
    """Trino concatenates texts or arrays; NULL makes NULL."""
    given = list(node.expressions)
    joined = given[0]
    for item in given[1:]:
        joined = call("trino_concatenate", joined, item)
    return joined


def concat_ws(node: Any) -> Any:
    separator, *values = node.expressions
    if len(values) == 1 and not (isinstance(values[0], exp.Literal) and values[0].is_string):
        return call("trino_concat_ws", separator, values[0])
    return call("trino_concat_ws", separator, exp.Array(expressions=values))


def arg_extreme(name: str) -> Any:
    """Trino's max_by() also returns NULL of a row; DuckDB's arg_max passes over such rows."""

    def rewrite(node: Any) -> Any:
        if node.args.get("count") is not None:
            return refuse("max_by() and min_by() with a number are not reproduced locally")(node)
        return call(name, node.this, node.expression)

    return rewrite


def rounded(node: Any) -> Any:
    decimals = node.args.get("decimals")
    return node if decimals is None else call("trino_round", node.this, decimals)


def average(node: Any) -> Any:
    node.set("this", _checked(node.this, "trino_averaged"))
    return node


def total(node: Any) -> Any:
    node.set("this", _checked(node.this, "trino_summed"))
    return node


def _checked(value: Any, macro: str) -> Any:
    if isinstance(value, exp.Distinct):
        value.set("expressions", [call(macro, item) for item in value.expressions])
        return value
    return call(macro, value)


def quantile(node: Any) -> Any:
    if node.args.get("weight") is not None or node.args.get("accuracy") is not None:
        return refuse("approx_percentile() with weights or an accuracy is not reproduced locally")(node)
    return node


def reduce(node: Any) -> Any:
    finish = node.args.get("finish")
    if isinstance(finish, exp.Lambda) and finish.this.sql() != finish.expressions[0].sql():
        raise LocalCloudError("NOT_SUPPORTED: reduce() takes only an identity as its last function locally")
    node.set("finish", None)
    return node


def format(node: Any) -> Any:
    """Java's Formatter and C's printf agree on these specifiers, if numbers are rounded before and texts are texts."""
    given = node.this
    parts = _FORMAT.findall(given.name) if isinstance(given, exp.Literal) else []
    if not parts or "".join(parts) != given.name:
        return refuse(f"format() takes only %s, %d and %.nf of a literal locally, got {given.sql(dialect='trino')}")(
            node
        )
    wanted = [part for part in parts if part.startswith("%") and part != "%%"]
    if len(wanted) != len(node.expressions):
        return refuse(f"format() has {len(wanted)} specifiers and {len(node.expressions)} values")(node)
    values: list[Any] = []
    for part, value in zip(wanted, node.expressions, strict=True):
        if part.endswith("s"):
            values.append(call("trino_text", value))
        elif part.endswith("f"):
            places = part.rpartition(".")[2].removesuffix("f")
            values.append(call("trino_rounded_to", value, exp.Literal.number(places)))
        else:
            values.append(call("trino_whole", value))
    return call("printf", given, *values)


def matches(name: str, node: Any) -> Any:
    array, condition = node.expressions
    return call(name, exp.Transform(this=array, expression=condition))


def zip_with(node: Any) -> Any:
    left, right, function = node.expressions
    first, second = (item.name for item in function.expressions)
    return _over_pairs(call("trino_pairs", left, right), function.this, {first: "l", second: "r"})


def over_map(name: str, node: Any) -> Any:
    """Build a map of the entries of one, each given to a function of key and value."""
    given, function = node.expressions
    key, value = (item.name for item in function.expressions)
    entries = call("map_entries", given)
    body, names = function.this, {key: "key", value: "value"}
    if name == "map_filter":
        kept = exp.ArrayFilter(this=entries, expression=_lambda(body, names))
        return call("trino_from_entries", kept)
    keys = call("map_keys", given.copy())
    changed = _over_pairs(entries, body, names)
    if name == "transform_values":
        return call("trino_map", keys, changed)
    return call("trino_map", changed, call("map_values", given.copy()))


def _over_pairs(pairs: Any, body: Any, names: dict[str, str]) -> Any:
    return exp.Transform(this=pairs, expression=_lambda(body, names))


def _lambda(body: Any, names: dict[str, str]) -> Any:
    """Return a lambda of one struct in place of one of its fields."""
    item = "trino_item"

    def field(node: Any) -> Any:
        of_none = isinstance(node, exp.Column) and not node.table
        alone = isinstance(node, exp.Identifier) and not isinstance(node.parent, (exp.Column, exp.Dot))
        if not (of_none or alone) or node.name not in names:
            return node
        return call("struct_extract", exp.to_identifier(item), exp.Literal.string(names[node.name]))

    return exp.Lambda(this=body.transform(field), expressions=[exp.to_identifier(item)])


def anonymous(node: Any) -> Any:
    name = node.name.lower()
    if (name.startswith(_OURS) and name not in ("to_iso8601", "to_base", "to_char", "to_date")) or name in _LEFT:
        return node
    if name in ("any_match", "all_match", "none_match"):
        return matches(f"trino_{name}", node)
    if name == "zip_with":
        return zip_with(node)
    if name in ("map_filter", "transform_keys", "transform_values"):
        return over_map(name, node)
    if name == "format_datetime":
        moment, given = node.expressions
        return call("strftime", moment, exp.Literal.string(_joda(given)))
    if name not in _FUNCTIONS:
        raise LocalCloudError(f"NOT_SUPPORTED: function {name}() of Trino is not available in the local Athena")
    return call(_FUNCTIONS[name], *node.expressions)


def parse_datetime(node: Any) -> Any:
    parsed = call("strptime", node.this, exp.Literal.string(_joda(node.args.get("format"))))
    return call("timezone", exp.Literal.string("UTC"), parsed)


def _joda(given: Any) -> str:
    if not isinstance(given, exp.Literal):
        raise LocalCloudError("NOT_SUPPORTED: a date pattern must be a literal in the local Athena")
    result = ""
    for quoted, run, _, literal in re.findall(r"'([^']*)'|(([A-Za-z])\3*)|(.)", given.name):
        if run and run not in _JODA:
            raise LocalCloudError(f"NOT_SUPPORTED: {run!r} in date pattern {given.name!r} is not reproduced locally")
        result += _JODA[run] if run else (quoted + literal).replace("%", "%%")
    return result
