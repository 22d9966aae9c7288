"""Tables in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from examples.demo.queries import Cell
from examples.demo.steps import Step


def show(console: Console, title: str, table: Table) -> None:
    """Print a table under its title."""
    console.print(f"\n[bold]{title}[/bold]", highlight=False)
    console.print(table)


def empty(*columns: str) -> Table:
    """Return an empty table, whose first column is text and all others are numbers."""
    made = Table(header_style="dim", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        made.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    return made


def durations(steps: Sequence[Step], seconds: float) -> Table:
    """Return the seconds that each step took."""
    made = empty("step", "seconds")
    for step in steps:
        made.add_row(step.title, f"{step.seconds:.1f}")
    made.add_row("in all", f"{seconds:.1f}", style="bold")
    return made


def text(value: Cell) -> str:
    """Return a value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if type(value) is int else str(value)
