"""Macros that give DuckDB the meaning of Trino's operators and functions."""

from __future__ import annotations

from typing import Any

from local_cloud.sql.render import double_text

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
