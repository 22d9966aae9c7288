"""The demo from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from examples.demo import tables
from examples.demo.command import Parser, demonstrate
from examples.demo.steps import Step, Steps
from examples.devices import report
from examples.devices.results import Results
from examples.devices.run import Run
from local_cloud.cloud import LocalCloud


def main() -> int:
    """Run the demo; return the exit code."""
    options = Parser("python -m examples.devices", __doc__).parse_args()

    def run(cloud: LocalCloud, steps: Steps, folder: Path) -> Results:
        keys = folder / "sensors"
        keys.mkdir(mode=0o700)
        return Run(cloud, steps, keys)()

    def finish(console: Console, results: Results, steps: Sequence[Step], seconds: float) -> None:
        report.write(options.report, results, steps, seconds)
        account = tables.empty("messages", "sent", "found")
        for fate, count in results.drawn.items():
            account.add_row(fate.value, f"{count:,}", f"{results.account[fate]:,}")
        tables.show(console, "The account", account)
        found = tables.empty("anomalies by", "found", "precision", "recall")
        for method, detection in results.detections.items():
            found.add_row(method, str(len(detection.found)), f"{detection.precision:.2f}", f"{detection.recall:.2f}")
        tables.show(console, f"Of {sum(one.anomalous for one in results.sent)} anomalies", found)
        console.print(f"\nThe report is in {options.report}", highlight=False, soft_wrap=True)

    return demonstrate(run, finish, keep=options.keep, longest_wait=1)
