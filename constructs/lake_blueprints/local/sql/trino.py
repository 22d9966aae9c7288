"""Trino's SQL, as Athena speaks it, rewritten for DuckDB.

sqlglot translates the syntax. What it leaves differing in meaning is rewritten here, and what cannot be made
to mean the same is refused: a query must never succeed locally with another answer than Athena's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lake_blueprints.local.errors import LocalCloudError
from lake_blueprints.local.sql.render import double_text

# Its warnings about what it does not know would go to the terminal; such statements are refused anyway.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_FRACTIONAL = "('DOUBLE', 'FLOAT')"

# typeof() is folded when a statement is bound, so the branches that do not apply cost nothing.
MACROS = (
    # Trino keeps decimals decimal: 1 / 3.0 is 0.3.
    f"""trino_divide(a, b) as case
        when (typeof(a) like 'DECIMAL%' and typeof(b) not in {_FRACTIONAL})
          or (typeof(b) like 'DECIMAL%' and typeof(a) not in {_FRACTIONAL})
        then error('NOT_SUPPORTED: decimal division is not reproduced locally; cast one side to double')
        when b = 0 then error('DIVISION_BY_ZERO: Division by zero')
        else a / b end""",
    "trino_modulo(a, b) as case when b = 0 then error('DIVISION_BY_ZERO: Division by zero') else a % b end",
    """trino_subscript(a, i) as case
        when i > len(a) then error('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to '
            || 'array length: ' || i || ' > ' || len(a))
        else a[i] end""",
    "trino_key(m, k) as case when m is not null and not map_contains(m, k) "
    "then error('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k) else m[k] end",
    "trino_substr(s, i) as case when i = 0 then '' else substr(s, i) end",
    "trino_substr(s, i, n) as case when i = 0 then '' else substr(s, i, n) end",
    # A date plus days stays a date; DuckDB makes it a timestamp.
    """trino_plus(d DATE, i INTERVAL) as cast(d + i as date), (d TIMESTAMP, i INTERVAL) as d + i,
        (d TIMESTAMPTZ, i INTERVAL) as d + i, (d TIME, i INTERVAL) as d + i""",
    """trino_date_trunc(u, d DATE) as cast(date_trunc(u, d) as date), (u, d TIMESTAMP) as date_trunc(u, d),
        (u, d TIMESTAMPTZ) as date_trunc(u, d)""",
    f"""trino_text(x) as case
        when typeof(x) in {_FRACTIONAL} then trino_double_text(try_cast(x::varchar as double))
        when typeof(x) in ('TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS')
        then strftime(try_cast(x::varchar as timestamp), '%Y-%m-%d %H:%M:%S.%g')
        when typeof(x) = 'TIMESTAMP WITH TIME ZONE'
        then strftime(try_cast(x::varchar as timestamptz) at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%g UTC')
        else x::varchar end""",
    f"""trino_bigint(x) as case
        when typeof(x) in {_FRACTIONAL} then round(try_cast(x::varchar as double))::bigint
        when typeof(x) = 'VARCHAR' and not regexp_full_match(x::varchar, '[+-]?[0-9]+')
        then error('INVALID_CAST_ARGUMENT: Cannot cast ''' || x::varchar || ''' to BIGINT')
        else x::bigint end""",
    "trino_regexp_extract(s, p) as case when regexp_matches(s, p) then regexp_extract(s, p) end",
    "trino_regexp_extract(s, p, g) as case when regexp_matches(s, p) then regexp_extract(s, p, g) end",
    "trino_split_part(s, d, i) as case when i <= len(string_split(s, d)) then split_part(s, d, i) end",
    "trino_json_scalar(j, p) as case when json_type(j, p) in ('OBJECT', 'ARRAY', 'NULL') then null "
    "else json_extract_string(j, p) end",
    """trino_slice(a, i, n) as list_slice(a, case when i < 0 then len(a) + i + 1 else i end,
        case when i < 0 then len(a) + i + 1 else i end + n - 1)""",
    "trino_position(a, x) as case when a is not null and x is not null then coalesce(list_position(a, x), 0) end",
    "trino_map_agg(k, v) as map_from_entries(list({'k': k, 'v': v}) filter (where k is not null))",
    "trino_url_host(u) as nullif(regexp_extract(u, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]+)', 1), '')",
    "trino_url_path(u) as regexp_extract(u, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)', 1)",
    "trino_url_protocol(u) as nullif(regexp_extract(u, '^([A-Za-z][A-Za-z0-9+.-]*):', 1), '')",
    "trino_url_query(u) as regexp_extract(u, '^[^?#]*\\?([^#]*)', 1)",
    "trino_url_parameter(u, p) as url_decode(regexp_extract(u, '[?&]' || regexp_escape(p) || '=([^&#]*)', 1))",
    """trino_is_text(x) as case when typeof(x) in ('VARCHAR', '"NULL"') then x
        else error('TYPE_MISMATCH: Cannot apply operator: ' || lower(typeof(x)) || ' with varchar') end""",
    """trino_is_not_text(x) as case when typeof(x) <> 'VARCHAR' then x
        else error('TYPE_MISMATCH: Cannot apply operator: varchar with a number') end""",
)

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

_INTEGERS = (exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def install(session: Any) -> None:
    """Define in a session what rewritten statements call."""
    session.connection.create_function("trino_double_text", double_text, ["DOUBLE"], "VARCHAR")
    for macro in _overloads(MACROS):
        session.execute(f"create macro {macro}")


def _overloads(macros: tuple[str, ...]) -> list[str]:
    """Join definitions of one name: DuckDB wants all overloads of a macro in one statement."""
    merged: dict[str, list[str]] = {}
    for macro in macros:
        name, _, rest = macro.partition("(")
        merged.setdefault(name, []).append(f"({rest}")
    return [f"{name}{', '.join(definitions)}" for name, definitions in merged.items()]


def parse(sql: str) -> exp.Expr:
    """Parse one statement of Athena's.

    Raises
    ------
    LocalCloudError
        With the parser's message and position.
    """
    try:
        statements = [found for found in sqlglot.parse(sql, read="athena") if found is not None]
    except SqlglotError as error:
        first: dict[str, Any] = next(iter(getattr(error, "errors", [])), {})
        raise LocalCloudError(
            f"SYNTAX_ERROR: line {first.get('line', 1)}:{first.get('col', 1)}: "
            f"{first.get('description', str(error))} near {first.get('highlight', '')!r}"
        ) from None
    if len(statements) != 1:
        raise LocalCloudError("SYNTAX_ERROR: only one statement can be run at a time")
    return statements[0]


def rewrite(tree: exp.Expr) -> exp.Expr:
    """Rewrite a parsed statement in place so that DuckDB means by it what Trino does."""
    for kind, change in _REWRITES:
        for node in list(tree.find_all(kind)):
            changed = change(node)
            if changed is not node:
                node.replace(changed)
    return tree


def generate(tree: exp.Expr) -> str:
    return tree.sql(dialect="duckdb")


def name_columns(select: exp.Expr) -> None:
    """Give a query's unnamed columns the names that Athena gives them, and all in lower case."""
    query = select
    while isinstance(query, (exp.SetOperation, exp.Subquery)):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    for position, column in enumerate(query.expressions):
        if isinstance(column, exp.Star) or (isinstance(column, exp.Column) and isinstance(column.this, exp.Star)):
            continue
        if isinstance(column, exp.Column) and column.name == column.name.lower():
            continue
        if not column.alias_or_name or not isinstance(column, (exp.Alias, exp.Column, exp.Dot)):
            column.replace(exp.alias_(column.copy(), f"_col{position}", quoted=True))
        else:
            value = column.this if isinstance(column, exp.Alias) else column
            column.replace(exp.alias_(value.copy(), column.alias_or_name.lower(), quoted=True))


def _call(name: str, *arguments: Any) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[item for item in arguments if item is not None])


def _in_try(node: Any) -> bool:
    return node.find_ancestor(exp.Try) is not None


def _divide(node: Any) -> Any:
    # DuckDB's TRY refuses error(); its own division gives the NULL that TRY would.
    return node if _in_try(node) else _call("trino_divide", node.left, node.right)


def _modulo(node: Any) -> Any:
    return node if _in_try(node) else _call("trino_modulo", node.left, node.right)


def _date_diff(node: Any) -> Any:
    """Trino counts whole units elapsed, which is DuckDB's date_sub; its date_diff counts boundaries crossed."""
    unit = node.args.get("unit")
    return _call("date_sub", exp.Literal.string(unit.name if unit else "day"), node.args["expression"], node.this)


def _date_add(node: Any) -> Any:
    unit = exp.Interval(this=_as_text(node.expression), unit=node.args.get("unit"))
    return _call("trino_plus", node.this, unit)


def _as_text(count: exp.Expr) -> exp.Expr:
    return exp.Literal.string(count.name) if isinstance(count, exp.Literal) else count


def _plus_interval(node: Any) -> Any:
    left, right = node.left, node.right
    if isinstance(left, exp.Interval) and isinstance(node, exp.Add):
        left, right = right, left
    if not isinstance(right, exp.Interval):
        return node
    return _call("trino_plus", left, right if isinstance(node, exp.Add) else exp.Neg(this=right))


def _subscript(node: Any) -> Any:
    if _in_try(node) or node.args.get("safe") or len(node.expressions) != 1:
        return node
    index = node.expressions[0]
    if isinstance(index, exp.Literal):
        if index.is_string:
            return _call("trino_key", node.this, index)
        # sqlglot keeps subscripts counted from 0.
        return _call("trino_subscript", node.this, exp.Literal.number(int(index.name) + 1))
    raise LocalCloudError("NOT_SUPPORTED: a computed subscript is not reproduced locally; use element_at()")


def _substring(node: Any) -> Any:
    return _call("trino_substr", node.this, node.args.get("start"), node.args.get("length"))


def _cast(node: Any) -> Any:
    if isinstance(node, exp.TryCast) or _in_try(node):
        return node
    if node.to.this in (exp.DType.VARCHAR, exp.DType.TEXT) and not node.to.expressions:
        return node if isinstance(node.this, exp.Literal) and node.this.is_string else _call("trino_text", node.this)
    if node.to.this in _INTEGERS and not node.this.is_int:
        bigint = _call("trino_bigint", node.this)
        return bigint if node.to.this == exp.DType.BIGINT else exp.Cast(this=bigint, to=node.to)
    return node


def _regexp_extract(node: Any) -> Any:
    return _call("trino_regexp_extract", node.this, node.expression, node.args.get("group"))


def _regexp_replace(node: Any) -> Any:
    """Trino writes groups as $1, DuckDB as \\1."""
    replacement = node.args.get("replacement")
    if isinstance(replacement, exp.Literal):
        replacement.set("this", re.sub(r"\$(\d)", r"\\\1", replacement.name.replace("\\", "\\\\")))
    elif replacement is not None:
        raise LocalCloudError("NOT_SUPPORTED: regexp_replace() takes only a literal replacement locally")
    return node


def _split_part(node: Any) -> Any:
    return _call("trino_split_part", node.this, node.args.get("delimiter"), node.args.get("part_index"))


def _json_scalar(node: Any) -> Any:
    path = node.expression
    text = path.sql(dialect="duckdb") if isinstance(path, exp.JSONPath) else None
    return _call("trino_json_scalar", node.this, sqlglot.parse_one(text, read="duckdb") if text else path)


def _slice(node: Any) -> Any:
    return _call("trino_slice", node.this, node.args.get("start"), node.args.get("end"))


def _position(node: Any) -> Any:
    return _call("trino_position", node.this, node.expression)


def _extract(node: Any) -> Any:
    """Trino's days of the week run from Monday 1 to Sunday 7."""
    if node.name.upper() in ("DOW", "DAY_OF_WEEK", "DAYOFWEEK"):
        node.set("this", exp.Var(this="ISODOW"))
    return node


def _anonymous(node: Any) -> Any:
    name = node.name.lower()
    if name.startswith("trino_") or name == "date_sub":
        return node
    if name in ("any_match", "all_match", "none_match"):
        array, condition = node.expressions
        matches = exp.Transform(this=array, expression=condition)
        if name == "all_match":
            return exp.Coalesce(this=_call("list_bool_and", matches), expressions=[exp.true()])
        found = exp.Coalesce(this=_call("list_bool_or", matches), expressions=[exp.false()])
        return found if name == "any_match" else exp.Not(this=exp.Paren(this=found))
    if name == "format_datetime":
        moment, pattern = node.expressions
        return _call("strftime", moment, exp.Literal.string(_joda(pattern)))
    if name not in _FUNCTIONS:
        raise LocalCloudError(f"FUNCTION_NOT_FOUND: function {name}() is not available in the local Athena")
    return _call(_FUNCTIONS[name], *node.expressions)


def _parse_datetime(node: Any) -> Any:
    parsed = _call("strptime", node.this, exp.Literal.string(_joda(node.args.get("format"))))
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


def _is_now(node: Any) -> bool:
    moment = node.expressions[0] if isinstance(node, exp.Anonymous) and node.name == "trino_plus" else node
    return isinstance(moment, exp.CurrentTimestamp)


def _compare(node: Any) -> Any:
    """Trino refuses to compare text with anything else; DuckDB would cast it.

    Trino does compare a timestamp with the current instant, which DuckDB refuses.
    """
    if _is_now(node.left) or _is_now(node.right):
        for side in ("this", "expression"):
            node.set(side, exp.Cast(this=node.args[side], to=exp.DataType.build("timestamptz")))
        return node
    for side, other in (("this", "expression"), ("expression", "this")):
        literal = node.args.get(side)
        if isinstance(literal, exp.Literal):
            node.set(other, _typed(node.args[other], literal))
    return node


def _membership(node: Any) -> Any:
    literals = [item for item in node.expressions if isinstance(item, exp.Literal)]
    if literals:
        node.set("this", _typed(node.this, literals[0]))
    return node


def _between(node: Any) -> Any:
    low = node.args.get("low")
    if isinstance(low, exp.Literal):
        node.set("this", _typed(node.this, low))
    return node


def _typed(value: exp.Expr, literal: exp.Literal) -> exp.Expr:
    if _in_try(value) or (isinstance(value, exp.Literal) and value.is_string == literal.is_string):
        return value
    return _call("trino_is_text" if literal.is_string else "trino_is_not_text", value)


def _at_time_zone(node: Any) -> Any:
    """Trino keeps the instant and changes the zone it is shown in; DuckDB makes a local time of it.

    The parts of that local time are the same, so only they may be used.
    """
    parent = node.parent
    into_text = isinstance(parent, exp.Cast) and parent.to.this not in (exp.DType.DATE, exp.DType.TIMESTAMP)
    if not isinstance(parent, exp.Func) or into_text:
        raise LocalCloudError(
            "NOT_SUPPORTED: AT TIME ZONE is reproduced locally only inside a function or a cast to date or timestamp"
        )
    node.set("this", exp.Cast(this=node.this, to=exp.DataType.build("timestamptz")))
    return node


def _reduce(node: Any) -> Any:
    finish = node.args.get("finish")
    if isinstance(finish, exp.Lambda) and finish.this.sql() != finish.expressions[0].sql():
        raise LocalCloudError("NOT_SUPPORTED: reduce() takes only an identity as its last function locally")
    node.set("finish", None)
    return node


def _date_trunc(node: Any) -> Any:
    return _call("trino_date_trunc", exp.Literal.string(node.args["unit"].name), node.this)


def _format(node: Any) -> Any:
    return _call("printf", node.this, *node.expressions)


def _timestamp(node: Any) -> Any:
    """A literal's precision would make it TIMESTAMP_S, which DuckDB treats apart."""
    if node.args["this"] == exp.DType.TIMESTAMP:
        node.set("expressions", [])
    return node


def _unnest(node: Any) -> Any:
    """A map unnests into two columns, several arrays into one each: DuckDB knows only one array."""
    alias = node.args.get("alias")
    names = list(alias.args.get("columns") or []) if alias else []
    if node.args.get("offset") or (len(node.expressions) == 1 and len(names) < 2):
        return node
    values = node.expressions
    if len(values) == 1:
        if len(names) != 2:
            raise LocalCloudError("NOT_SUPPORTED: unnesting an array of rows into columns is not reproduced locally")
        values = [_call("map_keys", values[0].copy()), _call("map_values", values[0].copy())]
    if len(values) != len(names):
        raise LocalCloudError("NOT_SUPPORTED: UNNEST of several arrays needs a column alias for each")
    columns = [
        exp.alias_(_call("unnest", value.copy()), name.copy()) for value, name in zip(values, names, strict=True)
    ]
    return exp.Lateral(
        this=exp.Subquery(this=exp.select(*columns)), alias=exp.TableAlias(this=node.args["alias"].this.copy())
    )


def _refuse(reason: str) -> Callable[[exp.Expr], exp.Expr]:
    def refuse(node: exp.Expr) -> exp.Expr:
        raise LocalCloudError(f"NOT_SUPPORTED: {reason}")

    return refuse


# In this order: comparisons last, for they look at literals, not at what a rewrite made of them.
_REWRITES: tuple[tuple[Any, Callable[[Any], exp.Expr]], ...] = (
    (exp.Anonymous, _anonymous),
    (exp.DataType, _timestamp),
    (exp.AtTimeZone, _at_time_zone),
    (exp.Reduce, _reduce),
    (exp.Format, _format),
    ((exp.TimestampTrunc, exp.DateTrunc), _date_trunc),
    (exp.ParseDatetime, _parse_datetime),
    (exp.Unnest, _unnest),
    (exp.Div, _divide),
    (exp.Mod, _modulo),
    (exp.DateDiff, _date_diff),
    (exp.DateAdd, _date_add),
    ((exp.Add, exp.Sub), _plus_interval),
    (exp.Bracket, _subscript),
    (exp.Substring, _substring),
    (exp.Cast, _cast),
    (exp.RegexpExtract, _regexp_extract),
    (exp.RegexpReplace, _regexp_replace),
    (exp.SplitPart, _split_part),
    (exp.JSONExtractScalar, _json_scalar),
    (exp.ArraySlice, _slice),
    (exp.ArrayPosition, _position),
    (exp.Extract, _extract),
    (exp.Typeof, _refuse("typeof() names DuckDB's types locally")),
    (exp.TableSample, _refuse("a sample differs with every engine")),
    (_COMPARISONS, _compare),
    (exp.In, _membership),
    (exp.Between, _between),
)
