"""The page of a report: one HTML file that needs nothing else."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from examples.demo import charts
from examples.demo.steps import Step
from examples.demo.tables import text

_PACKAGES = ("aws-cdk-lib", "boto3", "duckdb", "moto", "pyarrow", "pyiceberg", "pyspark", "scikit-learn", "sqlglot")


def render(
    template: Path,
    steps: Sequence[Step],
    seconds: float,
    values: dict[str, Any],
    filters: dict[str, Callable[..., Any]] | None = None,
) -> str:
    """Return the HTML of a template that extends the page, given its values and filters beside those of every page."""
    environment = Environment(
        loader=FileSystemLoader([template.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(cell=text, amount=lambda count: f"{count:,}", **(filters or {}))
    return environment.get_template(template.name).render(
        seconds=seconds,
        steps_chart=charts.bars([step.title for step in steps], [step.seconds for step in steps]),
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        versions=versions(),
        **values,
    )


def versions() -> dict[str, str]:
    """Return the versions of what took part, and the machine."""
    found = {name: importlib.metadata.version(name) for name in _PACKAGES}
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    return {"Python": platform.python_version(), **found, "Machine": machine}
