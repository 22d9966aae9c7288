"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from examples.flights import charts
from examples.flights.queries import Answer
from examples.flights.questions import Chart
from examples.flights.results import Results
from examples.flights.states import in_words
from examples.flights.steps import Step
from examples.flights.summary import text

_MOST_ROWS = 12
_SHORTEST_STATE = 0.5
_PACKAGES = ("aws-cdk-lib", "boto3", "duckdb", "moto", "pyarrow", "pyiceberg", "pyspark", "scikit-learn", "sqlglot")


def write(path: Path, results: Results, steps: Sequence[Step], seconds: float) -> None:
    """Write the report of a run."""
    path.write_text(render(results, steps, seconds), encoding="utf-8")


def render(results: Results, steps: Sequence[Step], seconds: float) -> str:
    """Return the report's HTML."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(cell=text, amount=lambda count: f"{count:,}", size=size)
    environment.globals.update(drawn=drawn)
    raw, curated = results.raw_bytes, curated_bytes(results)
    states = {name: spent for name, spent in in_words(results.states).items() if spent >= _SHORTEST_STATE}
    return environment.get_template("report.html.j2").render(
        results=results,
        seconds=seconds,
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        versions=versions(),
        most_rows=_MOST_ROWS,
        ratio=sum(raw.values()) / max(sum(curated.values()), 1),
        bytes_chart=charts.pairs(
            [results.answers[name][0].title for name in raw],
            [raw[name] for name in raw],
            [curated[name] for name in raw],
            size,
        ),
        calibration_chart=results.model
        and charts.calibration(results.model.calibration(), "predicted minutes", "actual minutes"),
        steps_chart=charts.bars([step.title for step in steps], [step.seconds for step in steps]),
        states_chart=charts.bars(list(states), list(states.values())) if states else "",
    )


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


def versions() -> dict[str, str]:
    """Return the versions of what took part, and the machine."""
    found = {name: importlib.metadata.version(name) for name in _PACKAGES}
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    return {"Python": platform.python_version(), **found, "Machine": machine}
