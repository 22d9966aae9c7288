"""The report: one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from examples.demo import charts, page
from examples.demo.steps import Step
from examples.devices.results import Results
from examples.devices.sensors import DEVICES, Fate


def write(path: Path, results: Results, steps: Sequence[Step], seconds: float) -> None:
    """Write the report of a run."""
    path.write_text(render(results, steps, seconds), encoding="utf-8")


def render(results: Results, steps: Sequence[Step], seconds: float) -> str:
    """Return the report's HTML."""
    values = {
        "results": results,
        "anomalies": sum(message.anomalous for message in results.sent),
        "devices": {device: _chart(results, device) for device in DEVICES},
    }
    return page.render(Path(__file__).parent / "report.html.j2", steps, seconds, values)


def _chart(results: Results, device: str) -> Markup:
    """Draw the readings of a sensor, with what was found."""
    readings = [one for one in results.sent if one.device == device and one.fate is Fate.CLEAN]
    found = next(iter(results.detections.values()))
    marks = [
        (place, "known" if one.id in found.known else "wrong")
        for place, one in enumerate(readings)
        if one.id in found.found
    ]
    missed = [(place, "missed") for place, one in enumerate(readings) if one.id in found.known - found.found]
    return charts.series([one.celsius for one in readings], [*marks, *missed])
