"""The year's run of the flight demo, with what it reads and how fast records flow, as JSON on standard output."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from examples.flights import questions
from examples.flights.run import Run
from examples.flights.steps import Steps
from lake_blueprints.local.cloud import LocalCloud


def main(months: int) -> None:
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, LocalCloud(workdir=Path(folder)) as cloud:
        steps = Steps(Console(file=sys.stderr))
        results = Run(cloud, steps, workdir=Path(folder), months=months, corrupt=0)()
    seconds = {step.title: step.seconds for step in steps.done}
    asked = [question.name for question in questions.load("athena")]
    json.dump(
        {
            "records": results.accounts[0].sent,
            "seconds": time.monotonic() - started,
            "steps": seconds,
            "questions": {
                name: {
                    "title": results.answers[name][0].title,
                    "raw": results.raw_bytes[name],
                    "curated": results.answers[name][1].scanned_bytes,
                }
                for name in asked
            },
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
