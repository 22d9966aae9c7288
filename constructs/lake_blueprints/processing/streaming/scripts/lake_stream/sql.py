"""Flink's SQL of a plan: tables, views and one set of INSERTs, in which every record is accounted for.

Each record is read as one text and judged once. Whether it is late is decided before the windows, by the highest
watermark that any record has met, in the state that checkpoints keep: Flink's windows remember their watermark over a
restart, CURRENT_WATERMARK does not, and a record between both would be in no output. The windows' own watermark is
never higher, whatever the parallelism, so that no window drops what was not late.

Above 200 lines: the values of each type and the rules for them, as `values.py` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lake_stream import lookup, values
from lake_stream.plan import (
    ANOMALIES,
    CLEAN,
    INTEGERS,
    LATE,
    LONGEST_TEXT,
    NUMBERS,
    REASON,
    RECORD,
    REJECTED,
    WINDOW,
    WINDOW_END,
    WINDOW_START,
    ZSCORE,
    Field,
    Measure,
    Output,
    Plan,
    Reference,
)

# The SQL's own columns; no name of a contract begins with a capital letter.
_TIME, _ARRIVAL, _MS, _REASON, _WATERMARK, _NUMBER, _LATE, _ONLY, _TEXT = "T", "P", "M", "R", "W", "N", "L", "J", "X"
_SQL_TYPES = {
    **dict.fromkeys(("string", "binary", "date", "timestamp"), "STRING"),
    **{name: name.upper() for name in (*INTEGERS, "boolean")},
    **dict.fromkeys(("float", "double"), "DOUBLE"),
}


@dataclass(frozen=True, kw_only=True)
class Statements:
    """The statements of a plan: settings, then definitions one by one, then the INSERTs as one set."""

    settings: Mapping[str, str]
    definitions: tuple[str, ...]
    inserts: tuple[str, ...]


def statements(plan: Plan, source: Mapping[str, str], sinks: Mapping[str, Mapping[str, str]]) -> Statements:
    """Return the statements; `source` and each of the `sinks`, by output, are the options of a connector."""
    outputs = [_Insert(plan, output) for output in plan.outputs]
    return Statements(
        # Texts of times mean UTC on every machine.
        settings={
            "table.local-time-zone": "UTC",
            **({"table.exec.state.ttl": f"{plan.remember_ms} ms"} if plan.remember_ms else {}),
        },
        definitions=(
            _source(plan, source),
            *(_sink(one, sinks[one.output.name]) for one in outputs),
            _read(plan),
            _judged(plan),
            _kept(plan),
            _timed(plan),
            f"CREATE TEMPORARY VIEW `OnTime` AS SELECT * FROM `Timed` WHERE NOT `{_LATE}`",
        ),
        inserts=tuple(f"INSERT INTO {quoted(_sink_name(one.output))} {one.query}" for one in outputs),
    )


def quoted(name: str) -> str:
    """Return a name that may also be a word of SQL."""
    return f"`{name}`"


def literal(text: str) -> str:
    """Return a text as SQL has it."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _source(plan: Plan, options: Mapping[str, str]) -> str:
    column = plan.column(plan.event_time)
    # A record without a time has that of 1970, which moves no watermark: rowtimes cannot be null.
    time = f"TO_TIMESTAMP_LTZ(COALESCE({_event_ms(column)}, 0), 3)"
    return (
        f"CREATE TABLE `Records` (`{_TEXT}` STRING, `{_ARRIVAL}` AS PROCTIME(), `{_TIME}` AS {time}, "
        f"WATERMARK FOR `{_TIME}` AS `{_TIME}` - {_interval(plan.lateness_ms)}) WITH ({_options(options)})"
    )


def _read(plan: Plan) -> str:
    """Return the view of the parts of each record, and the highest watermark that any before it has met.

    The parts are taken here, once: what an OVER window has emitted, no later expression calculates again.
    """
    parts = {
        name: expression
        for column in plan.columns
        for name, expression in ((_token(column), _token_of(column)), (_plain(column), _plain_of(column)))
    }
    parts |= {f"`{_MS}`": _event_ms(plan.column(plan.event_time)), f"`{_ONLY}`": _is_only_object()}
    given = ", ".join(f"{expression} AS {name}" for name, expression in parts.items())
    names = ", ".join((f"`{_TEXT}`", f"`{_TIME}`", f"`{_ARRIVAL}`", *parts))
    so_far = f"OVER (ORDER BY `{_ARRIVAL}` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    # The count is of no use but to bring the records of all shards together: only there the watermark is the least of
    # theirs. Flink would leave out a column that nothing asks for.
    together = f"SELECT *, COUNT(*) {so_far} AS `{_NUMBER}` FROM (SELECT *, {given} FROM `Records`)"
    # Between both windows, and so once for each record.
    rows = {_row(at): _row_of(plan, reference) for at, reference in enumerate(plan.references)}
    looked_up = "".join(f"{expression} AS {name}, " for name, expression in rows.items())
    met = (
        f"SELECT {names}, {looked_up}CURRENT_WATERMARK(`{_TIME}`) AS `{_WATERMARK}` FROM ({together}) "
        f"WHERE `{_NUMBER}` > 0"
    )
    names = ", ".join((names, *rows))
    return (
        f"CREATE TEMPORARY VIEW `Read` AS SELECT {names}, MAX(`{_WATERMARK}`) {so_far} AS `{_WATERMARK}` FROM ({met})"
    )


def _judged(plan: Plan) -> str:
    """Return the view of typed records and the reason why one is rejected."""
    values_of = {column.name: _value(column, plan) for column in plan.columns}
    for at, reference in enumerate(plan.references):
        for place, column in enumerate(reference.columns):
            values_of[column.name] = lookup.value_of(_row(at), place, _sql_type(column))
    typed = ", ".join(f"{value} AS {quoted(name)}" for name, value in values_of.items())
    reasons = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in _reasons(plan))
    kept = ", ".join(map(quoted, (_TEXT, _TIME, _ARRIVAL, _MS, _WATERMARK)))
    return f"CREATE TEMPORARY VIEW `Judged` AS SELECT {kept}, {typed}, CASE {reasons} END AS `{_REASON}` FROM `Read`"


def _kept(plan: Plan) -> str:
    """Return the view of the records that are good, the first of each key."""
    good = f"SELECT * FROM `Judged` WHERE `{_REASON}` IS NULL"
    if not plan.keys:
        return f"CREATE TEMPORARY VIEW `Kept` AS {good}"
    keys = ", ".join(map(quoted, plan.keys))
    number = f"ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY `{_ARRIVAL}` ASC) AS `{_NUMBER}`"
    return f"CREATE TEMPORARY VIEW `Kept` AS SELECT * FROM (SELECT *, {number} FROM ({good})) WHERE `{_NUMBER}` = 1"


def _timed(plan: Plan) -> str:
    """Return the view of the same records, each late or not."""
    # The time of a kept record is not null. A remainder has the sign of the number that is divided.
    ends = [
        f"`{_MS}` - MOD(MOD(`{_MS}`, {ms}) + {ms}, {ms}) + {ms}"
        for ms in sorted({output.window_ms for output in plan.of_kind(WINDOW)})
    ]
    if not ends:
        return f"CREATE TEMPORARY VIEW `Timed` AS SELECT *, FALSE AS `{_LATE}` FROM `Kept`"
    first = f"LEAST({', '.join(ends)})" if len(ends) > 1 else ends[0]
    # A window is closed by the watermark of its last millisecond.
    late = f"COALESCE(`{_WATERMARK}` >= TO_TIMESTAMP_LTZ({first} - 1, 3), FALSE)"
    return f"CREATE TEMPORARY VIEW `Timed` AS SELECT *, {late} AS `{_LATE}` FROM `Kept`"


class _Insert:
    """An output's columns and the query that fills them."""

    def __init__(self, plan: Plan, output: Output) -> None:
        self.output = output
        self.partitioned_by = list(output.keys)
        keys = {key: _sql_type(plan.column(key)) for key in output.keys}
        if output.kind == REJECTED:
            self.columns = {RECORD: "STRING", REASON: "STRING"}
            self.query = (
                f"SELECT LEFT(`{_TEXT}`, {LONGEST_TEXT}), `{_REASON}` FROM `Judged` WHERE `{_REASON}` IS NOT NULL"
            )
        elif output.kind in (CLEAN, LATE):
            self.columns = {column.source: _sql_type(column) for column in plan.enriched}
            self.partitioned_by = [plan.column(key).source for key in plan.keys]
            names = ", ".join(quoted(column.name) for column in plan.enriched)
            late = output.kind == LATE
            self.query = f"SELECT {names} FROM " + (f"`Timed` WHERE `{_LATE}`" if late else "`OnTime`")
        elif output.kind == WINDOW:
            self.columns = {**keys, WINDOW_START: "STRING", WINDOW_END: "STRING"}
            self.columns |= {name: _measured_type(plan, one) for name, one in output.measures.items()}
            self.query = _windows(plan, output)
        elif output.kind == ANOMALIES and output.detector and output.column and output.detector.kind == ZSCORE:
            self.columns = {name: _sql_type(plan.column(name)) for name in plan.of_anomaly(output)}
            self.columns |= dict.fromkeys(("mean", "deviation", "score"), "DOUBLE")
            self.query = _outliers(plan, output)
        else:
            raise ValueError(f"output '{output.name}' of kind {output.kind} has no form in Flink's SQL")


def _windows(plan: Plan, output: Output) -> str:
    keys = "".join(f"{quoted(key)}, " for key in output.keys)
    bounds = ", ".join(
        f"DATE_FORMAT(`{bound}`, 'yyyy-MM-dd''T''HH:mm:ss.SSS') || 'Z'" for bound in (WINDOW_START, WINDOW_END)
    )
    measures = ", ".join(_measured(plan, one) for one in output.measures.values())
    rows = f"TABLE(TUMBLE(TABLE `OnTime`, DESCRIPTOR(`{_TIME}`), {_interval(output.window_ms)}))"
    return f"SELECT {keys}{bounds}, {measures} FROM {rows} GROUP BY {keys}`{WINDOW_START}`, `{WINDOW_END}`"


def _outliers(plan: Plan, output: Output) -> str:
    detector = output.detector
    assert detector is not None and output.column is not None
    keys = ", ".join(map(quoted, output.keys))
    names = "".join(f"{quoted(name)}, " for name in plan.of_anomaly(output))
    value = f"CAST({quoted(output.column)} AS DOUBLE)"
    window = (
        f"OVER (PARTITION BY {keys} ORDER BY `{_ARRIVAL}` ROWS BETWEEN {detector.rows - 1} PRECEDING AND CURRENT ROW)"
    )
    sums = ", ".join(
        f"{what} {window} AS `{name}`"
        for name, what in (("C", "COUNT(`Y`)"), ("S", "SUM(`Y`)"), ("Q", "SUM(`Y` * `Y`)"))
    )
    rows = f"SELECT *, {value} AS `Y` FROM `OnTime` WHERE {quoted(output.column)} IS NOT NULL"
    moments = f"SELECT *, `S` / `C` AS `A`, (`Q` - `S` * `S` / `C`) / `C` AS `V` FROM (SELECT *, {sums} FROM ({rows}))"
    scored = f"SELECT *, SQRT(`V`) AS `D` FROM ({moments}) WHERE `C` >= {detector.at_least} AND `V` > 0"
    return (
        f"SELECT {names}`A`, `D`, (`Y` - `A`) / `D` FROM ({scored}) "
        f"WHERE ABS(`Y` - `A`) > CAST({detector.threshold!r} AS DOUBLE) * `D`"
    )


def _measured(plan: Plan, measure: Measure) -> str:
    if measure.column is None:
        return "COUNT(*)"
    column, name = plan.column(measure.column), quoted(measure.column)
    if measure.measure == "mean":
        return f"AVG(CAST({name} AS DOUBLE))"
    if measure.measure == "sum" and column.family in INTEGERS:
        return f"SUM(CAST({name} AS DECIMAL(38, 0)))"
    return f"{measure.measure.upper()}({name})"


def _measured_type(plan: Plan, measure: Measure) -> str:
    if measure.column is None or measure.measure == "count":
        return "BIGINT"
    column = plan.column(measure.column)
    if measure.measure == "mean":
        return "DOUBLE"
    if measure.measure == "sum" and column.family in (*INTEGERS, "decimal"):
        return f"DECIMAL(38, {column.digits[1] if column.family == 'decimal' else 0})"
    return _sql_type(column)


def _sink_name(output: Output) -> str:
    return f"To {output.name}"


def _sink(insert: _Insert, options: Mapping[str, str]) -> str:
    columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in insert.columns.items())
    # What has one key stays in order.
    by_key = options["connector"] == "kinesis" and insert.partitioned_by
    partitioned = f" PARTITIONED BY ({', '.join(map(quoted, insert.partitioned_by))})" if by_key else ""
    return f"CREATE TABLE {quoted(_sink_name(insert.output))} ({columns}){partitioned} WITH ({_options(options)})"


def _options(options: Mapping[str, str]) -> str:
    return ", ".join(f"{literal(name)} = {literal(value)}" for name, value in options.items())


def _interval(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return f"INTERVAL '{days} {hours}:{minutes:02}:{seconds:02}.{rest:03}' DAY TO SECOND(3)"


def _sql_type(column: Field) -> str:
    if column.family == "decimal":
        return "DECIMAL({}, {})".format(*column.digits)
    return _SQL_TYPES[column.family]


def _path(column: Field) -> str:
    return literal(f"$['{column.source}']")


def _token_of(column: Field) -> str:
    """Return the value as JSON spells it, by which a number and its text differ; null if there is none."""
    wrapped = f"JSON_QUERY(`{_TEXT}`, {_path(column)} WITH UNCONDITIONAL ARRAY WRAPPER)"
    return f"REGEXP_EXTRACT({wrapped}, '(?s)^.(.*).$', 1)"


def _plain_of(column: Field) -> str:
    return f"JSON_VALUE(`{_TEXT}`, {_path(column)})"


def _token(column: Field) -> str:
    return quoted(f"Q {column.name}")


def _plain(column: Field) -> str:
    return quoted(f"V {column.name}")


def _row(at: int) -> str:
    return quoted(f"E{at}")


def _row_of(plan: Plan, reference: Reference) -> str:
    columns = [plan.column(key) for key in reference.keys]
    # JSON's -0 is 0.
    keys = [
        f"CAST(TRY_CAST({_plain(column)} AS BIGINT) AS STRING)" if column.family in INTEGERS else _plain(column)
        for column in columns
    ]
    return lookup.row_of(reference, keys, literal)


def _is_text(column: Field, pattern: str) -> str:
    return f"{_token(column)} LIKE '\"%' AND REGEXP({_plain(column)}, {literal(f'^({pattern})$')})"


def _is_number(column: Field) -> str:
    return f"REGEXP({_token(column)}, '^-?[0-9]')"


def _value(column: Field, plan: Plan) -> str:
    """Return the expression of a column's value, null if it is not of the type."""
    family, plain = column.family, _plain(column)
    if family in NUMBERS:
        value = _number(column)
        return f"CASE WHEN `{_MS}` IS NOT NULL THEN {value} END" if column.name == plan.event_time else value
    if family == "boolean":
        return f"CASE {_token(column)} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
    if family == "string":
        # Of an object or an array it is null. Half of a pair of UTF-16 becomes a question mark of its own.
        return plain
    if column.name == plan.event_time:
        return f"CASE WHEN `{_MS}` IS NOT NULL THEN {plain} END"
    pattern = {"binary": values.BASE64, "date": values.DATE, "timestamp": values.TIMESTAMP}[family]
    is_day = "" if family == "binary" else f" AND {_day(plain)} IS NOT NULL"
    return f"CASE WHEN {_is_text(column, pattern)}{is_day} THEN {plain} END"


def _number(column: Field) -> str:
    if column.family == "decimal":
        return _decimal(column)
    if column.family in INTEGERS:
        number = f"TRY_CAST({_plain(column)} AS {_sql_type(column)})"
        return f"CASE WHEN REGEXP({_token(column)}, '^-?[0-9]+$') THEN {number} END"
    most = values.FLOAT_MAX if column.family == "float" else values.DOUBLE_MAX
    number = f"TRY_CAST({_plain(column)} AS DOUBLE)"
    return f"CASE WHEN {_is_number(column)} AND ABS({number}) <= CAST('{most!r}' AS DOUBLE) THEN {number} END"


def _decimal(column: Field) -> str:
    precision, scale = column.digits
    text = f"CASE WHEN {_is_number(column)} OR {_is_text(column, values.DECIMAL_TEXT)} THEN {_plain(column)} END"
    # One digit more than it may have: Flink rounds 9.995 up to 10.00 and calls it a DECIMAL(3, 2).
    wide = f"TRY_CAST({text} AS DECIMAL({min(precision + 1, 38)}, {scale}))"
    within = f"ABS({wide}) < CAST('1{'0' * (precision - scale)}' AS DECIMAL({min(precision - scale + 1, 38)}, 0))"
    return f"CASE WHEN {within} THEN CAST({wide} AS {_sql_type(column)}) END"


def _day(text: str) -> str:
    # A cast to a timestamp takes the 30th of February for the 29th; one to a date does not.
    return f"TRY_CAST(SUBSTRING({text} FROM 1 FOR 10) AS DATE)"


def _event_ms(column: Field) -> str:
    """Return the expression of a record's event time in milliseconds since 1970, null if there is none."""
    plain, token = _plain_of(column), _token_of(column)
    if column.family != "timestamp":
        found = f"CASE WHEN REGEXP({token}, '^-?[0-9]+$') THEN TRY_CAST({plain} AS BIGINT) END"
        return f"CASE WHEN {found} BETWEEN {values.EARLIEST} AND {values.LATEST} THEN {found} END"

    def part(pattern: str, group: int = 1) -> str:
        return f"COALESCE(TRY_CAST(REGEXP_EXTRACT({plain}, {literal(pattern)}, {group}) AS BIGINT), 0)"

    offset = "^.{16}[0-9:.]*[+-]([0-9]{2}):?([0-9]{2})?$"
    sign = f"CASE WHEN REGEXP({plain}, '^.{{16}}[0-9:.]*-') THEN 1 ELSE -1 END"
    fraction = f"RPAD(REGEXP_EXTRACT({plain}, '[.]([0-9]{{1,3}})', 1), 3, '0')"
    seconds = (
        f"EXTRACT(EPOCH FROM CAST({_day(plain)} AS TIMESTAMP(0))) + {part('^.{11}([0-9]{2})')} * 3600 + "
        f"({part('^.{14}([0-9]{2})')} + {sign} * ({part(offset)} * 60 + {part(offset, 2)})) * 60 + "
        f"{part('^.{16}:([0-9]{2})')}"
    )
    found = f"({seconds}) * 1000 + COALESCE(TRY_CAST({fraction} AS BIGINT), 0)"
    valid = f"{token} LIKE '\"%' AND REGEXP({plain}, {literal(f'^({values.TIMESTAMP})$')})"
    within = f"{found} BETWEEN {values.EARLIEST} AND {values.LATEST}"
    return f"CASE WHEN {valid} AND {within} THEN {found} END"


def _is_only_object() -> str:
    """Return the condition that a record is one JSON object: Flink reads the first value and ignores what follows."""
    alone, followed = f"'[' || `{_TEXT}` || ']'", f"'[' || `{_TEXT}` || ',0]'"
    return (
        f"`{_TEXT}` NOT LIKE '%\ufffd%' AND `{_TEXT}` IS JSON OBJECT AND NOT JSON_EXISTS({alone}, '$[1]') "
        f"AND JSON_EXISTS({followed}, '$[1]') AND NOT JSON_EXISTS({followed}, '$[2]')"
    )


def _reasons(plan: Plan) -> Iterator[tuple[str, str]]:
    yield f"`{_TEXT}` LIKE '%\ufffd%'", values.NOT_UTF8
    yield f"`{_ONLY}` IS NOT TRUE", values.NOT_JSON
    for column in plan.columns:
        value, token = _value(column, plan), _token(column)
        if column.name == plan.event_time:
            yield f"{token} IS NULL", f"{column.name}: missing, but the event time"
        elif column.name in plan.keys:
            yield f"{token} IS NULL", f"{column.name}: missing, but part of the key"
        elif column.required:
            yield f"{token} IS NULL", f"{column.name}: missing, but required"
        yield f"{token} IS NOT NULL AND {value} IS NULL", f"{column.name}: is not {values.article(column.type)}"
        for condition, sentence in _constraints(column, value):
            yield condition, f"{column.name}: {sentence}"


def _constraints(column: Field, value: str) -> Iterator[tuple[str, str]]:
    for bound, sign, sentence in (
        (column.minimum, "<", "is below the minimum"),
        (column.maximum, ">", "is above the maximum"),
        (column.exclusive_minimum, "<=", "is not above"),
        (column.exclusive_maximum, ">=", "is not below"),
    ):
        if bound is not None:
            yield f"{value} {sign} {_bound(bound, column)}", f"{sentence} {bound}"
    if column.min_length is not None:
        yield f"CHAR_LENGTH({value}) < {column.min_length}", f"is shorter than {column.min_length} characters"
    if column.max_length is not None:
        yield f"CHAR_LENGTH({value}) > {column.max_length}", f"is longer than {column.max_length} characters"
    if column.enum is not None:
        allowed = ", ".join(_bound(item, column) for item in column.enum)
        yield f"{value} NOT IN ({allowed})", f"is not one of {', '.join(str(item) for item in column.enum)}"


def _bound(bound: Any, column: Field) -> str:
    if column.family in ("float", "double"):
        return f"CAST('{bound!r}' AS DOUBLE)"
    return literal(bound) if isinstance(bound, str) else str(bound).upper()
