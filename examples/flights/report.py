"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from examples.demo import charts, page
from examples.demo.queries import Answer
from examples.demo.steps import Step
from examples.flights.questions import Chart
from examples.flights.results import Results
from examples.flights.states import in_words

_MOST_ROWS = 12
_SHORTEST_STATE = 0.5


def write(path: Path, results: Results, steps: Sequence[Step], seconds: float) -> None:
    """Write the report of a run."""
    path.write_text(render(results, steps, seconds), encoding="utf-8")


def render(results: Results, steps: Sequence[Step], seconds: float) -> str:
    """Return the report's HTML."""
    raw, curated = results.raw_bytes, curated_bytes(results)
    states = {name: spent for name, spent in in_words(results.states).items() if spent >= _SHORTEST_STATE}
    values = {
        "results": results,
        "drawn": drawn,
        "most_rows": _MOST_ROWS,
        "ratio": sum(raw.values()) / max(sum(curated.values()), 1),
        "bytes_chart": charts.pairs(
            [results.answers[name][0].title for name in raw],
            [raw[name] for name in raw],
            [curated[name] for name in raw],
            size,
        ),
        "calibration_chart": results.model
        and charts.calibration(results.model.calibration(), "predicted minutes", "actual minutes"),
        "states_chart": charts.bars(list(states), list(states.values())) if states else "",
    }
    template = Path(__file__).parent / "report.html.j2"
    return page.render(template, steps, seconds, values, filters={"size": size})


def drawn(chart: Chart, answer: Answer) -> Markup:
    """Return the chart of an answer."""
    labels, values = [str(label) for label in answer.column(chart.label)], answer.column(chart.value)
    known = [(label, value) for label, value in zip(labels, values, strict=True) if value is not None]
    labels, values = [label for label, _ in known], [value for _, value in known]
    if chart.kind == "days" and chart.line:
        return charts.days(labels, values, answer.column(chart.line))
    return (charts.columns if chart.kind == "columns" else charts.bars)(labels, values)


def curated_bytes(results: Results) -> dict[str, int]:
    """Return the bytes that each answer took from the curated tables."""
    return {name: results.answers[name][1].scanned_bytes or 0 for name in results.raw_bytes}


def size(count: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
