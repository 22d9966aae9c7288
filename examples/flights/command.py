"""The demo from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from examples.demo.command import Parser, demonstrate
from examples.demo.steps import Step, Steps
from examples.flights import report, summary
from examples.flights.results import Results
from examples.flights.run import Run
from examples.flights.source import MONTHS
from local_cloud.cloud import LocalCloud


def main() -> int:
    """Run the demo; return the exit code."""
    options = _parser().parse_args()

    def run(cloud: LocalCloud, steps: Steps, workdir: Path) -> Results:
        return Run(cloud, steps, workdir=workdir, months=options.months, corrupt=options.corrupt)()

    def finish(console: Console, results: Results, steps: Sequence[Step], seconds: float) -> None:
        report.write(options.report, results, steps, seconds)
        summary.show(console, results, steps, seconds)
        console.print(f"The report is in {options.report}", highlight=False, soft_wrap=True)

    return demonstrate(run, finish, keep=options.keep)


def _months(text: str) -> int:
    if not text.isdigit() or int(text) not in MONTHS:
        raise argparse.ArgumentTypeError(f"must be {MONTHS[0]} to {MONTHS[-1]}, got '{text}'")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be a whole number, 0 or more, got '{text}'")
    return int(text)


def _parser() -> Parser:
    parser = Parser("python -m examples.flights", __doc__)
    parser.add_argument("--months", type=_months, default=1, help="months of 2013 to stream, 1 to 12")
    parser.add_argument("--corrupt", type=_count, default=0, help="bad records to inject into the stream")
    return parser
