"""Summary in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from examples.flights.history import History
from examples.flights.queries import Answer, Cell
from examples.flights.results import Results
from examples.flights.steps import Step

_ROWS = 5


def show(console: Console, results: Results, steps: Sequence[Step], seconds: float) -> None:
    """Print answers, the model, step durations and the account."""
    for question, answer in results.answers.values():
        _print(console, question.title, _answer(answer))
    if results.model:
        _print(console, "Arrival delay of flights that the model has not seen", _model(results.model.metrics))
    if results.history:
        _print(console, f"Snapshots of {results.history.table}", _snapshots(results.history))
    _print(console, "Steps", _durations(steps, seconds))
    _print(console, "Account", _account(results))


def text(value: Cell) -> str:
    """Return a value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if type(value) is int else str(value)


def _print(console: Console, title: str, table: Table) -> None:
    console.print(f"\n[bold]{title}[/bold]", highlight=False)
    console.print(table)


def _table(*columns: str) -> Table:
    table = Table(header_style="dim", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    return table


def _answer(answer: Answer) -> Table:
    table = _table(*(column.replace("_", " ") for column in answer.columns))
    for row in answer.rows[:_ROWS]:
        table.add_row(*map(text, row))
    if len(answer.rows) > _ROWS:
        table.caption = f"and {len(answer.rows) - _ROWS} more rows"
        table.caption_justify = "left"
    return table


def _model(metrics: dict[str, float]) -> Table:
    table = _table("", "model", "naive")
    table.add_row("mean absolute error, minutes", text(metrics["holdout_mae"]), text(metrics["baseline_median_mae"]))
    table.add_row("root mean squared error, minutes", text(metrics["holdout_rmse"]), text(metrics["baseline_rmse"]))
    return table


def _snapshots(history: History) -> Table:
    table = _table("committed", "operation", "rows", "new data files", "new delete files")
    for snapshot in history.snapshots:
        counts = (snapshot.rows, snapshot.data_files, snapshot.delete_files)
        table.add_row(snapshot.committed_at, snapshot.operation, *map(text, counts))
    return table


def _durations(steps: Sequence[Step], seconds: float) -> Table:
    table = _table("step", "seconds")
    for step in steps:
        table.add_row(step.title, f"{step.seconds:.1f}")
    table.add_row("in all", f"{seconds:.1f}", style="bold")
    return table


def _account(results: Results) -> Table:
    columns = ("sent", "curated", "quarantined", "duplicates", "filtered", "missing")
    table = _table("records", *columns)
    for each in results.accounts:
        counts = (each.sent, each.curated, each.quarantined, each.duplicates, each.filtered, each.sent - each.found)
        table.add_row(each.dataset, *map(text, counts))
        for reason, count in each.reasons.most_common():
            table.add_row(f"  for: {reason}", "", "", text(count))
    return table
