"""Allow-list of the functions that SQL text may call; no way to files or settings of the engine.

sqlglot hands many functions on to DuckDB by name, and DuckDB reads files, its settings and its own catalog by functions
and by names of tables. So a function runs only if its dialect has it, and a name of a table only where its reader knows
the table. DuckDB's own settings (`duck.LOCKDOWN`) are the second wall.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_cloud.errors import LocalCloudError


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Functions by sqlglot's names for them: those of Trino, https://trino.io/docs/current/functions/list.html, and what is
# a function to sqlglot only.
_TRINO = _names(
    """
    Abs Acos And AnyValue ApproxDistinct ApproxQuantile ArgMax ArgMin Array ArrayAgg ArrayContains ArrayDistinct
    ArrayExcept ArrayFilter ArrayIntersect ArrayMax ArrayMin ArrayPosition ArrayRemove ArraySize ArraySlice
    ArraySort ArraySum ArrayToString Asin Atan Atan2 Avg BitwiseAndAgg BitwiseOrAgg BitwiseXorAgg Case Cast Cbrt
    Ceil Chr Coalesce Concat ConcatWs Corr Cos Cosh CosineDistance Count CountIf CovarPop CovarSamp CumeDist
    CurrentDate CurrentTime CurrentTimestamp CurrentTimezone Date DateAdd DateDiff DateTrunc Day DayOfMonth
    DayOfWeekIso DayOfYear Decode Degrees DenseRank Encode Exists Exp Extract FirstValue Flatten Floor Format
    FromBase FromBase32 FromBase64 FromISO8601Date FromISO8601Timestamp FromISO8601TimestampNanos GenerateSeries
    Greatest GroupConcat Grouping Hex Hour If IsNan JSONArrayContains JSONExtract JSONExtractScalar JSONFormat
    JSONObject Kurtosis Lag LastDay LastValue Lead Least Length Levenshtein List Ln Localtime Localtimestamp Log
    LogicalAnd LogicalOr Lower MD5Digest Map MapFromEntries MapKeys Max Min Minute Month Normalize NthValue
    Ntile Nullif Or Pad ParseDatetime ParseJSON PercentRank Pi Pow Quarter Radians Rand Rank Reduce RegexpCount
    RegexpExtract RegexpExtractAll RegexpLike RegexpReplace RegexpSplit RegrIntercept RegrSlope Repeat Replace
    Reverse Round RowNumber SHA SHA2Digest Second Shuffle Sign Sin Sinh Skewness Soundex Split SplitPart Sqrt
    StartsWith Stddev StddevPop StddevSamp StrPosition StrToMap StrToTime Struct Substring Sum Tan Tanh
    TimeToStr TimeToUnix TimestampTrunc ToBase32 ToBase64 Transform Translate Trim Trunc Try TryCast Typeof
    Unhex Unicode UnixToTime Unnest Upper Uuid Variance VariancePop WeekOfYear WidthBucket Xor Year YearOfWeek
    """
)
# Of https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html.
_REDSHIFT = _TRINO | _names(
    """
    ArrayConcat Ascii ConvertTimezone Cot DecodeCase ExplodingGenerateSeries FarmFingerprint Initcap Left
    LowerHex MD5 Median MonthsBetween NextDay Nvl2 PercentileCont PercentileDisc RegexpInstr Right SHA2
    StrToDate ToNumber TsOrDsAdd TsOrDsDiff
    """
)
# Of https://spark.apache.org/docs/latest/api/sql/. Not reflect() and java_method(), which run any code.
_SPARK = _TRINO | _names(
    """
    Acosh AddMonths ArrayAppend ArrayCompact ArrayInsert ArrayPrepend ArrayUniqueAgg ArraysZip Ascii Asinh Atanh
    BitLength BitwiseCount Contains Cot Csc DateFromUnixDate DayOfWeek DecodeCase Elt EndsWith EqualNull Explode
    Factorial First FromJson Getbit Initcap JSONKeys Last Left MD5 MapContainsKey Median Mode MonthsBetween
    Nanvl Negative NextDay Nvl2 Overlay ParseUrl Quantile RegexpInstr RegexpSubstr Right Rint SHA2 SafeAdd
    SafeDivide SafeSubtract StrToUnix SubstringIndex TimeStrToTime TimestampAdd TimestampFromParts ToChar
    ToNumber TsOrDsAdd TsOrDsToDate UnixDate UnixMillis UnixSeconds UnixToStr VarMap
    """
)
# Functions that sqlglot does not know, by their own names. Trino's are checked where they are rewritten. nextval() is
# what the default of an IDENTITY column becomes.
_REDSHIFT_NAMES = _names(
    """
    nextval
    array_flatten bpcharcmp crc32 date_cmp date_part_year dexp dlog1 dlog10 from_hex from_varbyte is_valid_json
    is_valid_json_array isnull json_array_length json_extract_array_element_text json_serialize object
    octet_length quote_ident quote_literal ratio_to_report replicate text_to_int_alt timeofday timestamp_cmp
    timezone to_varbyte
    """
)
_SPARK_NAMES = _names(
    """
    array_repeat array_union arrays_overlap bigint bin binary bround btrim cardinality conv crc32 date_part
    datepart decimal e every expm1 find_in_set forall format_number get hash hypot isnotnull isnull
    json_array_length log1p make_date map_concat map_entries map_filter map_values mean now octet_length pmod
    positive regexp smallint some std timestamp_micros timestamp_millis timestamp_seconds tinyint url_decode
    url_encode weekday xxhash64 zip_with
    """
)
# What stands where a query may stand in DuckDB, and shows or changes more than tables.
_STATEMENTS = (
    exp.Attach,
    exp.Command,
    exp.Copy,
    exp.Describe,
    exp.Detach,
    exp.Pragma,
    exp.Set,
    exp.Show,
    exp.Summarize,
    exp.Use,
)


def check_trino(tree: exp.Expr) -> None:
    """Refuse functions that Trino does not have.

    Raises
    ------
    LocalCloudError
        With Athena's code of the error.
    """
    _check_functions(tree, _TRINO, None, "FUNCTION_NOT_FOUND: function {0}() is not available in the local Athena")


def check_redshift(tree: exp.Expr) -> None:
    """Refuse functions that Redshift does not have.

    Raises
    ------
    LocalCloudError
        In Redshift's words.
    """
    _check_functions(tree, _REDSHIFT, _REDSHIFT_NAMES, "function {0}(unknown) does not exist")


def check_spark(tree: exp.Expr) -> None:
    """Refuse functions that Spark does not have, or that run code.

    Raises
    ------
    LocalCloudError
        With Spark's name of the error.
    """
    _check_functions(tree, _SPARK, _SPARK_NAMES, "[UNRESOLVED_ROUTINE] Cannot resolve routine `{0}` on search path")


def tables_of(tree: exp.Expr) -> Iterator[exp.Table]:
    """Return the tables that a query names, without the names that it defines itself where they are seen."""
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.Identifier) and (table.db or table.name.lower() not in _defined_around(table)):
            yield table


def _defined_around(table: exp.Table) -> set[str]:
    """Return the names of the common table expressions that a table can see: of outer queries, and earlier ones."""
    seen: set[str] = set()
    inner: exp.Expr = table
    while (outer := inner.parent) is not None:
        if isinstance(outer, exp.With):
            before = outer.expressions[: inner.index]
            seen |= {cte.alias.lower() for cte in ([*before, inner] if outer.recursive else before)}
        elif (with_ := outer.args.get("with_")) is not None and with_ is not inner:
            seen |= {cte.alias.lower() for cte in with_.expressions}
        inner = outer
    return seen


def _check_functions(tree: exp.Expr, known: frozenset[str], names: frozenset[str] | None, message: str) -> None:
    for found in tree.find_all(exp.Func, *_STATEMENTS):
        # Whether the whole may be one is the caller's to say.
        if isinstance(found, _STATEMENTS) and found is not tree:
            raise LocalCloudError(f"SYNTAX_ERROR: {found.key.upper()} cannot be run here")
        if not isinstance(found, exp.Func):
            continue
        if isinstance(found, (exp.Anonymous, exp.AnonymousAggFunc)):
            if names is not None and found.name.lower() not in names:
                raise LocalCloudError(message.format(found.name.lower()))
        elif type(found).__name__ not in known:
            raise LocalCloudError(message.format(found.sql_name().lower()))
