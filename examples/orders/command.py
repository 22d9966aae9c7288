"""The demo from the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from examples.demo import tables
from examples.demo.command import Parser, demonstrate
from examples.demo.steps import Step, Steps
from examples.orders import report
from examples.orders.places import Fact
from examples.orders.results import Results
from examples.orders.run import Run
from local_cloud.cloud import LocalCloud


def main() -> int:
    """Run the demo; return the exit code."""
    options = Parser("python -m examples.orders", __doc__).parse_args()

    def run(cloud: LocalCloud, steps: Steps, _: Path) -> Results:
        return Run(cloud, steps)()

    def finish(console: Console, results: Results, steps: Sequence[Step], seconds: float) -> None:
        report.write(options.report, results, steps, seconds)
        tables.show(console, "Rows", side_by_side(results.totals, lambda fact: f"{fact[0]:,}"))
        tables.show(console, "Sums, to the cent", side_by_side(results.totals, lambda fact: fact[1]))
        tables.show(console, "How much was ordered?", side_by_side(results.answers, lambda fact: fact[1]))
        tables.show(console, "Seconds from a commit to each place", lags(results))
        console.print(f"\nThe report is in {options.report}", highlight=False, soft_wrap=True)

    return demonstrate(run, finish, keep=options.keep, longest_wait=1)


def side_by_side(found: dict[str, dict[str, Fact]], shown: Callable[[Fact], str]) -> Table:
    """Return what each place says of the same things, a row for each place."""
    first, *_ = found.values()
    made = tables.empty("", *first)
    for place, facts in found.items():
        made.add_row(place, *(shown(facts[name]) if name in facts else "" for name in first))
    return made


def lags(results: Results) -> Table:
    """Return the seconds until each place had an order."""
    made = tables.empty("place", "seconds", "age of the newest order")
    for place, seconds in results.lags.items():
        age = results.ages.get(place)
        made.add_row(place, f"{seconds:.1f}", "" if age is None else f"{age:.1f}")
    return made
