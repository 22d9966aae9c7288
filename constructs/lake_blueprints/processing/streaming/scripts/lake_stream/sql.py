"""Flink's SQL of a plan: tables, views and one set of INSERTs, in which every record is accounted for.

Each record is read as one text and judged once. Whether it is late is decided before the windows, by the highest
watermark that any record has met, in the state that checkpoints keep: Flink's windows remember their watermark over a
restart, CURRENT_WATERMARK does not, and a record between both would be in no output. The windows' own watermark is
never higher, whatever the parallelism, so that no window drops what was not late.

Above 200 lines: one statement after the other, each made of those before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lake_stream import expressions, lookup
from lake_stream.expressions import MS, ONLY, TEXT, TIME, literal, quoted, sql_type
from lake_stream.plan import (
    ANOMALIES,
    CLEAN,
    INTEGERS,
    LATE,
    LONGEST_TEXT,
    REASON,
    RECORD,
    REJECTED,
    WINDOW,
    WINDOW_END,
    WINDOW_START,
    ZSCORE,
    Measure,
    Output,
    Plan,
    Reference,
)

# The SQL's own columns, beside those of `expressions.py`; no name of a contract begins with a capital letter.
_ARRIVAL, _REASON, _WATERMARK, _NUMBER, _LATE = "P", "R", "W", "N", "L"


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


def _source(plan: Plan, options: Mapping[str, str]) -> str:
    time = expressions.event_time(plan.column(plan.event_time))
    return (
        f"CREATE TABLE `Records` (`{TEXT}` STRING, `{_ARRIVAL}` AS PROCTIME(), `{TIME}` AS {time}, "
        f"WATERMARK FOR `{TIME}` AS `{TIME}` - {_interval(plan.lateness_ms)}) WITH ({_options(options)})"
    )


def _read(plan: Plan) -> str:
    """Return the view of the parts of each record, and the highest watermark that any before it has met.

    The parts are taken here, once: what an OVER window has emitted, no later expression calculates again.
    """
    parts = {expressions.part(column): expressions.part_of(column) for column in plan.columns}
    parts |= {f"`{MS}`": expressions.milliseconds(), f"`{ONLY}`": expressions.is_only_object()}
    given = ", ".join(f"{expression} AS {name}" for name, expression in parts.items())
    names = ", ".join((f"`{TEXT}`", f"`{TIME}`", f"`{_ARRIVAL}`", *parts))
    so_far = f"OVER (ORDER BY `{_ARRIVAL}` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    # The count is of no use but to bring the records of all shards together: only there the watermark is the least of
    # theirs. Flink would leave out a column that nothing asks for.
    together = f"SELECT *, COUNT(*) {so_far} AS `{_NUMBER}` FROM (SELECT *, {given} FROM `Records`)"
    # Between both windows, and so once for each record.
    rows = {_row(at): _row_of(plan, reference) for at, reference in enumerate(plan.references)}
    looked_up = "".join(f"{expression} AS {name}, " for name, expression in rows.items())
    met = (
        f"SELECT {names}, {looked_up}CURRENT_WATERMARK(`{TIME}`) AS `{_WATERMARK}` FROM ({together}) "
        f"WHERE `{_NUMBER}` > 0"
    )
    names = ", ".join((names, *rows))
    return (
        f"CREATE TEMPORARY VIEW `Read` AS SELECT {names}, MAX(`{_WATERMARK}`) {so_far} AS `{_WATERMARK}` FROM ({met})"
    )


def _judged(plan: Plan) -> str:
    """Return the view of typed records and the reason why one is rejected."""
    values_of = {column.name: expressions.value(column, plan) for column in plan.columns}
    for at, reference in enumerate(plan.references):
        for place, column in enumerate(reference.columns):
            values_of[column.name] = lookup.value_of(_row(at), place, sql_type(column))
    typed = ", ".join(f"{value} AS {quoted(name)}" for name, value in values_of.items())
    reasons = " ".join(f"WHEN {condition} THEN {literal(reason)}" for condition, reason in expressions.reasons(plan))
    kept = ", ".join(map(quoted, (TEXT, TIME, _ARRIVAL, MS, _WATERMARK)))
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
        f"`{MS}` - MOD(MOD(`{MS}`, {ms}) + {ms}, {ms}) + {ms}"
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
        keys = {key: sql_type(plan.column(key)) for key in output.keys}
        if output.kind == REJECTED:
            self.columns = {RECORD: "STRING", REASON: "STRING"}
            self.query = (
                f"SELECT LEFT(`{TEXT}`, {LONGEST_TEXT}), `{_REASON}` FROM `Judged` WHERE `{_REASON}` IS NOT NULL"
            )
        elif output.kind in (CLEAN, LATE):
            self.columns = {column.source: sql_type(column) for column in plan.enriched}
            self.partitioned_by = [plan.column(key).source for key in plan.keys]
            names = ", ".join(quoted(column.name) for column in plan.enriched)
            late = output.kind == LATE
            self.query = f"SELECT {names} FROM " + (f"`Timed` WHERE `{_LATE}`" if late else "`OnTime`")
        elif output.kind == WINDOW:
            self.columns = {**keys, WINDOW_START: "STRING", WINDOW_END: "STRING"}
            self.columns |= {name: _measured_type(plan, one) for name, one in output.measures.items()}
            self.query = _windows(plan, output)
        elif output.kind == ANOMALIES and output.detector and output.column and output.detector.kind == ZSCORE:
            self.columns = {name: sql_type(plan.column(name)) for name in plan.of_anomaly(output)}
            self.columns |= dict.fromkeys(("mean", "deviation", "score"), "DOUBLE")
            self.query = _outliers(plan, output)
        else:
            raise ValueError(f"output '{output.name}' of kind {output.kind} has no form in Flink's SQL")


def _windows(plan: Plan, output: Output) -> str:
    keys = "".join(f"{quoted(key)}, " for key in output.keys)
    bounds = ", ".join(
        f"DATE_FORMAT(`{bound}`, 'uuuu-MM-dd''T''HH:mm:ss.SSS') || 'Z'" for bound in (WINDOW_START, WINDOW_END)
    )
    measures = ", ".join(_measured(plan, one) for one in output.measures.values())
    rows = f"TABLE(TUMBLE(TABLE `OnTime`, DESCRIPTOR(`{TIME}`), {_interval(output.window_ms)}))"
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
    return sql_type(column)


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


def _row(at: int) -> str:
    return quoted(f"E{at}")


def _row_of(plan: Plan, reference: Reference) -> str:
    columns = [plan.column(key) for key in reference.keys]
    # JSON's -0 is 0.
    keys = [
        f"CAST(TRY_CAST({expressions.part(column)} AS BIGINT) AS STRING)"
        if column.family in INTEGERS
        else expressions.plain(column)
        for column in columns
    ]
    return lookup.row_of(reference, keys, literal)
