"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from examples.demo import charts, page
from examples.demo.steps import Step
from examples.orders.results import Results


def write(path: Path, results: Results, steps: Sequence[Step], seconds: float) -> None:
    """Write the report of a run."""
    path.write_text(render(results, steps, seconds), encoding="utf-8")


def render(results: Results, steps: Sequence[Step], seconds: float) -> str:
    """Return the report's HTML."""
    values = {
        "results": results,
        "lags_chart": charts.bars(list(results.lags), list(results.lags.values())),
        "ages_chart": charts.bars(list(results.ages), list(results.ages.values())),
    }
    return page.render(Path(__file__).parent / "report.html.j2", steps, seconds, values)
