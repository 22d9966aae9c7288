"""The terminal: a progress bar for the step that runs, a line with its duration for each that has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_TITLE_WIDTH = 30
_DETAIL_WIDTH = 60


@dataclass
class Step:
    """A step of the demo; `say` and `advance` show how far it is.

    Parameters
    ----------
    title: str
        What is done.
    progress: Progress
        Where it is shown.
    total: int | None
        How many parts it has, if that is known.
    """

    title: str
    progress: Progress
    total: int | None = None
    detail: str = ""
    seconds: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._task = self.progress.add_task(self.title, total=self.total, detail="")

    def advance(self, parts: int = 1) -> None:
        self.progress.advance(self._task, parts)

    def expect(self, total: int) -> None:
        """Say how many parts there are, once that is known."""
        self.progress.update(self._task, total=total)

    def say(self, detail: str) -> None:
        """Show a detail; the last one stays in the step's line."""
        self.detail = detail
        self.progress.update(self._task, detail=escape(detail[:_DETAIL_WIDTH]))

    def finish(self) -> None:
        self.seconds = time.monotonic() - self._started


class Steps:
    """All steps so far."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.done: list[Step] = []
        self.current: str | None = None

    @contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Step]:
        """Run a step; if it fails, `current` goes on naming it."""
        self.current = title
        with self._progress() as progress:
            step = Step(title, progress, total)
            yield step
            step.finish()
        line = (
            f"[green]✓[/green] {title:<{_TITLE_WIDTH}} [cyan]{step.seconds:7.1f} s[/cyan]  [dim]{escape(step.detail)}"
        )
        self._console.print(line, highlight=False, soft_wrap=True)
        self.done.append(step)
        self.current = None

    def _progress(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}".ljust(_TITLE_WIDTH)),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[detail]}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )


class StateClock:
    """Shows the states of a state machine as they come, and measures them."""

    def __init__(self, step: Step, now: Callable[[], float] = time.monotonic) -> None:
        self._step, self._now = step, now
        self._entered: dict[str, float] = {}
        self.seconds: dict[str, float] = {}

    def __call__(self, line: str) -> None:
        verb, _, name = line.partition(" ")
        if verb == "entered":
            self._entered[name] = self._now()
            self._step.say(name)
        elif verb == "left" and name in self._entered:
            spent = self._now() - self._entered.pop(name)
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
