"""Summary in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from examples.demo import tables
from examples.demo.queries import Answer
from examples.demo.steps import Step
from examples.demo.tables import text
from examples.flights.history import History
from examples.flights.results import Results

_ROWS = 5


def show(console: Console, results: Results, steps: Sequence[Step], seconds: float) -> None:
    """Print answers, the model, step durations and the account."""
    for question, answer in results.answers.values():
        tables.show(console, question.title, _answer(answer))
    if results.model:
        tables.show(console, "Arrival delay of flights that the model has not seen", _model(results.model.metrics))
    if results.history:
        tables.show(console, f"Snapshots of {results.history.table}", _snapshots(results.history))
    tables.show(console, "Steps", tables.durations(steps, seconds))
    tables.show(console, "Account", _account(results))


def _answer(answer: Answer) -> Table:
    table = tables.empty(*(column.replace("_", " ") for column in answer.columns))
    for row in answer.rows[:_ROWS]:
        table.add_row(*map(text, row))
    if len(answer.rows) > _ROWS:
        table.caption = f"and {len(answer.rows) - _ROWS} more rows"
        table.caption_justify = "left"
    return table


def _model(metrics: dict[str, float]) -> Table:
    table = tables.empty("", "model", "naive")
    table.add_row("mean absolute error, minutes", text(metrics["holdout_mae"]), text(metrics["baseline_median_mae"]))
    table.add_row("root mean squared error, minutes", text(metrics["holdout_rmse"]), text(metrics["baseline_rmse"]))
    return table


def _snapshots(history: History) -> Table:
    table = tables.empty("committed", "operation", "rows", "new data files", "new delete files")
    for snapshot in history.snapshots:
        counts = (snapshot.rows, snapshot.data_files, snapshot.delete_files)
        table.add_row(snapshot.committed_at, snapshot.operation, *map(text, counts))
    return table


def _account(results: Results) -> Table:
    columns = ("sent", "curated", "quarantined", "duplicates", "filtered", "missing")
    table = tables.empty("records", *columns)
    for each in results.accounts:
        counts = (each.sent, each.curated, each.quarantined, each.duplicates, each.filtered, each.sent - each.found)
        table.add_row(each.dataset, *map(text, counts))
        for reason, count in each.reasons.most_common():
            table.add_row(f"  for: {reason}", "", "", text(count))
    return table
