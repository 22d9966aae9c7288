"""Macros that give DuckDB the meaning of Trino's operators and functions.

Types of parameters choose among the definitions of a macro when a statement is bound. Of aggregates and of columns of
an outer query DuckDB does not know them then: so macros that such values are given to have one definition for all.

Above 200 lines: a table of functions that DuckDB lacks, each in SQL.
"""

from __future__ import annotations

from typing import Any

from local_cloud.sql.render import double_text
from local_cloud.sql.trino import casts, precision, zones

_FRACTIONAL = "('DOUBLE', 'FLOAT')"


# typeof() is folded when a statement is bound, so the branches that do not apply cost nothing.
_OPERATORS = (
    # Trino keeps decimals decimal: 1 / 3.0 is 0.3.
    f"""trino_divide(a, b) as case
        when (typeof(a) like 'DECIMAL%' and typeof(b) not in {_FRACTIONAL})
          or (typeof(b) like 'DECIMAL%' and typeof(a) not in {_FRACTIONAL})
        then error('NOT_SUPPORTED: decimal division is not reproduced locally; cast one side to double')
        when b = 0 and (typeof(a) in {_FRACTIONAL} or typeof(b) in {_FRACTIONAL})
        then error('NOT_SUPPORTED: dividing a double by zero gives Infinity or NaN in Trino, which is not reproduced')
        when b = 0 then error('DIVISION_BY_ZERO: Division by zero')
        else a / b end""",
    """trino_try_divide(a BIGINT, b BIGINT) as a / b, (a DOUBLE, b DOUBLE) as a / b""",
    "trino_modulo(a, b) as case when b = 0 then error('DIVISION_BY_ZERO: Division by zero') else a % b end",
    # A date plus days stays a date; DuckDB makes it a timestamp.
    """trino_plus(d DATE, i INTERVAL) as cast(d + i as date), (d TIMESTAMP, i INTERVAL) as d + i,
        (d TIMESTAMPTZ, i INTERVAL) as d + i, (d TIME, i INTERVAL) as d + i""",
    # The second definition is for nothing but to have no definition chosen where types are not known yet.
    """trino_subtract(a DATE, b DATE) as cast(a as timestamp) - cast(b as timestamp),
        (a TIMESTAMP_S, b TIMESTAMP_S) as a, (a, b) as a - b""",
    "trino_concatenate(a, b) as case when a is null or b is null then null else a || b end",
    """trino_subscript(a, i) as case
        when i > len(a) then error('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to '
            || 'array length: ' || i || ' > ' || len(a))
        else a[i] end""",
    "trino_element_at(a, i) as a[i]",
    "trino_key(m, k) as case when m is not null and not map_contains(m, k) "
    "then error('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || k) else m[k] end",
    f"""trino_text(x) as case
        when typeof(x) in {_FRACTIONAL} then trino_double_text(try_cast(x::varchar as double))
        when typeof(x) in ('TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS')
        then strftime(try_cast(x::varchar as timestamp), '%Y-%m-%d %H:%M:%S.%g')
        when typeof(x) = 'TIMESTAMP WITH TIME ZONE'
        then strftime(try_cast(x::varchar as timestamptz) at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%g UTC')
        when typeof(x) = 'JSON' then json_extract_string(try_cast(x::varchar as json), '$')
        else x::varchar end""",
    """trino_shortened(s, x, n) as case when length(s) > n and typeof(x) <> 'VARCHAR'
        then error('INVALID_CAST_ARGUMENT: Value ' || s || ' cannot be represented as varchar(' || n || ')')
        else left(s, n) end""",
    f"""trino_rounded(x) as case
        when typeof(x) in {_FRACTIONAL} then round(try_cast(x::varchar as double))::bigint
        when typeof(x) = 'VARCHAR' then x::bigint else x::bigint end""",
    "trino_milliseconds(t) as make_timestamp(1000 * cast(round(epoch_us(t) / 1e3::double) as bigint))",
    """trino_summed(x) as case when typeof(x) in ('FLOAT', 'BOOLEAN')
        then error('NOT_SUPPORTED: the sum of ' || lower(typeof(x)) || ' is not reproduced locally; cast to double')
        else x end""",
    """trino_averaged(x) as case when typeof(x) = 'FLOAT' or typeof(x) like 'DECIMAL%'
        then error('NOT_SUPPORTED: the average of ' || lower(typeof(x)) || ' is not reproduced locally; cast to double')
        else x end""",
)
_TEXTS = (
    "trino_substr(s, i) as case when i = 0 or -i > length(s) then '' else substr(s, i) end",
    "trino_substr(s, i, n) as case when i = 0 or n <= 0 or -i > length(s) then '' else substr(s, i, n) end",
    "trino_codepoint(s) as case when length(s) = 1 then unicode(s) "
    "else error('INVALID_FUNCTION_ARGUMENT: Input string must be a single character string') end",
    "trino_split(s, d) as string_split(s, d)",
    """trino_split(s, d, n) as case when len(string_split(s, d)) <= n then string_split(s, d)
        else list_append(string_split(s, d)[:n - 1], array_to_string(string_split(s, d)[n:], d)) end""",
    "trino_split_part(s, d, i) as case when i < 1 "
    "then error('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero') "
    "when i <= len(string_split(s, d)) then split_part(s, d, i) end",
    """trino_split_to_map(s, d, k) as map_from_entries(list_transform(string_split(s, d), lambda p:
        case when len(string_split(p, k)) <> 2 then error('INVALID_FUNCTION_ARGUMENT: Key-value delimiter must appear '
            || 'exactly once in each entry. Bad input: ''' || p || '''')
        else {'k': split_part(p, k, 1), 'v': split_part(p, k, 2)} end))""",
    "trino_strpos(s, x) as instr(s, x)",
    """trino_strpos(s, x, n) as case when n = 0
        then error('INVALID_FUNCTION_ARGUMENT: ''instance'' must be a positive or negative number.')
        when n > 0 and n < len(string_split(s, x))
        then length(array_to_string(string_split(s, x)[:n], x)) + 1
        when n < 0 and -n < len(string_split(s, x))
        then length(array_to_string(string_split(s, x)[:len(string_split(s, x)) + n], x)) + 1
        else 0 end""",
    """trino_concat_ws(d, v) as case when d is not null then array_to_string(list_filter(v, lambda x: x is not null), d)
        end""",
    "trino_regexp_extract(s, p) as case when regexp_matches(s, p) then regexp_extract(s, p) end",
    "trino_regexp_extract(s, p, g) as case when regexp_matches(s, p) then regexp_extract(s, p, g) end",
    "trino_regexp_replace(s, p, r) as regexp_replace(s, p, r, 'g')",
    "trino_url_host(u) as nullif(regexp_extract(u, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/:?#]+)', 1), '')",
    "trino_url_port(u) as "
    "try_cast(regexp_extract(u, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?[^/:?#]+:(\\d+)', 1) as bigint)",
    "trino_url_path(u) as regexp_extract(u, '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)', 1)",
    "trino_url_protocol(u) as nullif(regexp_extract(u, '^([A-Za-z][A-Za-z0-9+.-]*):', 1), '')",
    "trino_url_query(u) as regexp_extract(u, '^[^?#]*\\?([^#]*)', 1)",
    "trino_url_fragment(u) as regexp_extract(u, '#(.*)$', 1)",
    "trino_url_decode(s) as url_decode(replace(s, '+', ' '))",
    "trino_url_parameter(u, p) as trino_url_decode(regexp_extract(u, '[?&]' || regexp_escape(p) || '=([^&#]*)', 1))",
    "trino_url_encode(s) as replace(replace(replace(url_encode(s), '%20', '+'), '%2A', '*'), '~', '%7E')",
    "trino_sha1(b BLOB) as unhex(sha1(b))",
    "trino_from_hex(s VARCHAR) as unhex(s)",
)
_ARRAYS = (
    """trino_all_match(m) as case when m is null then null when list_contains(m, false) then false
        when len(m) > list_count(m) then null else true end""",
    """trino_any_match(m) as case when m is null then null when list_contains(m, true) then true
        when len(m) > list_count(m) then null else false end""",
    "trino_none_match(m) as not trino_any_match(m)",
    "trino_array_distinct(a) as list_filter(a, lambda v, i: i = list_position(a, v))",
    "trino_array_union(a, b) as case when a is not null and b is not null "
    "then trino_array_distinct(list_concat(a, b)) end",
    "trino_array_intersect(a, b) as list_filter(trino_array_distinct(a), lambda v: list_position(b, v) is not null)",
    "trino_array_except(a, b) as list_filter(trino_array_distinct(a), lambda v: list_position(b, v) is null)",
    """trino_arrays_overlap(a, b) as case when list_has_any(a, b) then true
        when len(a) > list_count(a) or len(b) > list_count(b) then null else false end""",
    "trino_array_max(a) as case when len(a) = list_count(a) then list_max(a) end",
    "trino_array_min(a) as case when len(a) = list_count(a) then list_min(a) end",
    "trino_array_sort(a) as list_sort(a, 'ASC', 'NULLS LAST')",
    "trino_array_remove(a, x) as case when x is not null then list_filter(a, lambda v: v is null or v <> x) end",
    "trino_array_contains(a, x) as case when list_contains(a, x) then true "
    "when x is null or len(a) > list_count(a) then null else false end",
    "trino_array_histogram(a) as map_from_entries(list_transform(list_filter(trino_array_distinct(a), "
    "lambda v: v is not null), lambda v: {'k': v, 'v': len(list_filter(a, lambda w: w = v))}))",
    "trino_array_join(a, d) as array_to_string(list_filter(a, lambda v: v is not null), d)",
    "trino_array_join(a, d, n) as array_to_string(list_transform(a, lambda v: coalesce(trino_text(v), n)), d)",
    "trino_reverse(s VARCHAR) as reverse(s), (a) as list_reverse(a)",
    "trino_trim_array(a, n) as a[:len(a) - n]",
    """trino_slice(a, i, n) as list_slice(a, case when i < 0 then len(a) + i + 1 else i end,
        case when i < 0 then len(a) + i + 1 else i end + n - 1)""",
    "trino_position(a, x) as case when a is not null and x is not null then coalesce(list_position(a, x), 0) end",
    "trino_repeat(x, n) as list_transform(generate_series(1, n), lambda i: x)",
    """trino_sequence_checked(s) as case when len(s) > 10000 then error('INVALID_FUNCTION_ARGUMENT: result of sequence '
        || 'function must not have more than 10000 entries') else s end""",
    """trino_sequence(a BIGINT, b BIGINT) as
        trino_sequence_checked(generate_series(a, b, case when a <= b then 1 else -1 end)),
        (a DATE, b DATE) as list_transform(trino_sequence_checked(generate_series(cast(a as timestamp),
            cast(b as timestamp), to_days(case when a <= b then 1 else -1 end))), lambda t: cast(t as date))""",
    """trino_sequence(a BIGINT, b BIGINT, s BIGINT) as case when s = 0 or (s > 0) <> (b >= a) and a <> b
        then error('INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if '
            || 'step is greater than zero otherwise stop should be less than or equal to start')
        else trino_sequence_checked(generate_series(a, b, s)) end,
        (a DATE, b DATE, s INTERVAL) as list_transform(trino_sequence_checked(generate_series(cast(a as timestamp),
            cast(b as timestamp), s)), lambda t: cast(t as date)),
        (a TIMESTAMP, b TIMESTAMP, s INTERVAL) as trino_sequence_checked(generate_series(a, b, s))""",
    "trino_pairs(a, b) as list_transform(generate_series(1, greatest(len(a), len(b))), "
    "lambda i: {'l': a[i], 'r': b[i]})",
    "trino_map(k, v) as map(k, v)",
    "trino_from_entries(e) as map_from_entries(e)",
    "trino_map_agg(k, v) as map_from_entries(list({'k': k, 'v': v}) filter (where k is not null))",
    "trino_cardinality(m MAP(VARCHAR, VARCHAR)) as cardinality(m), (m) as len(m)",
    "trino_left_shift(a BIGINT, n BIGINT) as a << n",
)
_NUMBERS = (
    "trino_e() as exp(1::double)",
    "trino_infinity() as 'Infinity'::double",
    "trino_nan() as 'NaN'::double",
    "trino_cbrt(x) as case when round(cbrt(x::double)) ** 3 = x::double then round(cbrt(x::double)) "
    "else cbrt(x::double) end",
    "trino_sign(x BIGINT) as sign(x), (x DOUBLE) as cast(sign(x) as double), (x) as sign(x)",
    "trino_rounded_to(x DOUBLE, n) as round(cast(trino_text(x) as decimal(38, 12)), n)",
    "trino_whole(x BIGINT) as x",
    # A decimal keeps its scale.
    "trino_round(x, n) as case when typeof(x) like 'DECIMAL%' then round(x, n) + (x - x) else round(x, n) end",
)
_TIMES = (
    """trino_date_trunc(u, d DATE) as cast(date_trunc(u, d) as date), (u, d TIMESTAMP) as date_trunc(u, d),
        (u, d TIMESTAMPTZ) as date_trunc(u, d)""",
    "trino_millisecond(t TIMESTAMP) as millisecond(t) % 1000, (t TIMESTAMPTZ) as millisecond(t) % 1000",
    "trino_year_of_week(d DATE) as isoyear(d), (d TIMESTAMP) as isoyear(d), (d TIMESTAMPTZ) as isoyear(d)",
    "trino_to_iso8601(d DATE) as strftime(d, '%Y-%m-%d'), (d TIMESTAMP) as strftime(d, '%Y-%m-%dT%H:%M:%S.%g'), "
    "(d TIMESTAMPTZ) as strftime(d, '%Y-%m-%dT%H:%M:%S.%gZ')",
    """trino_iso_date(s VARCHAR) as case when s is null then null
        when regexp_full_match(s, '\\d{4}-\\d\\d-\\d\\d') then cast(s as date)
        when regexp_full_match(s, '\\d{4}-W\\d\\d(-[1-7])?')
        then cast(date_trunc('week', make_date(cast(s[1:4] as integer), 1, 4)) as date)
            + (7 * (cast(s[7:8] as integer) - 1) + coalesce(try_cast(s[10:10] as integer), 1) - 1)
        when regexp_full_match(s, '\\d{4}-\\d{3}')
        then make_date(cast(s[1:4] as integer), 1, 1) + (cast(s[6:8] as integer) - 1)
        else error('INVALID_FUNCTION_ARGUMENT: Invalid format: "' || s || '"') end""",
)
_JSON = (
    "trino_valid(j) as case when json_valid(j::varchar) then j::varchar end",
    "trino_json_extract(j, p) as json_extract(trino_valid(j), p)",
    """trino_json_scalar_text(j, p) as case when json_type(j, p) in ('OBJECT', 'ARRAY', 'NULL') then null
        when json_type(j, p) = 'DOUBLE'
          and not regexp_matches(j, '(^|[^0-9.])' || regexp_escape(json_extract_string(j, p)) || '($|[^0-9.eE])')
        then error('NOT_SUPPORTED: the number in ' || j || ' would be spelled otherwise locally')
        else json_extract_string(j, p) end""",
    "trino_json_scalar(j, p) as trino_json_scalar_text(trino_valid(j), p)",
    "trino_is_json_scalar(j) as json_type(j::varchar) not in ('OBJECT', 'ARRAY')",
    "trino_json_array_length(j) as case when json_type(trino_valid(j)) = 'ARRAY' "
    "then json_array_length(trino_valid(j)) end",
    """trino_json_array_get(j, i) as case when json_type(trino_valid(j)) = 'ARRAY' then json_extract(trino_valid(j),
        '$[' || case when i < 0 then cast(json_array_length(trino_valid(j)) as bigint) + i else i end || ']') end""",
    """trino_json_size(j, p) as case when json_type(trino_valid(j), p) = 'OBJECT' then len(json_keys(trino_valid(j), p))
        when json_type(trino_valid(j), p) = 'ARRAY' then json_array_length(trino_valid(j), p)
        when json_type(trino_valid(j), p) is not null then 0 end""",
)
MACROS = (*_OPERATORS, *casts.MACROS, *precision.MACROS, *_TEXTS, *_ARRAYS, *_NUMBERS, *_TIMES, *_JSON, *zones.MACROS)


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
