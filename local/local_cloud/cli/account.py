"""The command that accounts for records: what each Glue job has reported.

A job reports by printing a line of JSON with the name of a `dataset` and its counts. The local cloud knows no more
about it: any job that prints such lines is in the account.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import Any

from local_cloud.cli.session import Session, add_region, service_errors
from local_cloud.cli.text_tables import Value, text_table
from local_cloud.server.private_files import file_name

_COUNTS = ("read", "curated", "quarantined", "duplicates", "filtered")


@dataclass
class Counts:
    """Sums over the reports of one dataset."""

    records: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    table: str | None = None

    def add(self, report: dict[str, Any]) -> None:
        self.records.update({name: report[name] for name in _COUNTS if type(report.get(name)) is int})
        if isinstance(reasons := report.get("reasons"), dict):
            self.reasons.update({name: count for name, count in reasons.items() if type(count) is int})
        if isinstance(seconds := report.get("seconds"), int | float):
            self.seconds += seconds
        self.table = report.get("table", self.table)


def add_parsers(commands: Any) -> None:
    """Add the command."""
    text = "account for the records of each dataset, as the runs of Glue jobs have reported them"
    parser = commands.add_parser("account", help=text, description=text)
    add_region(parser)
    parser.set_defaults(run=_account)


def _account(options: Namespace) -> None:
    with service_errors():
        if not show(Session.of(options), options.region):
            print("no run of a Glue job has reported records")


def known_runs(session: Session, region: str) -> set[str]:
    """Return the ids of the runs of Glue jobs."""
    return {run for _, run in _runs(session, region)}


def show(session: Session, region: str, *, without: Set[str] = frozenset()) -> bool:
    """Print the account of all runs but some; return whether there is any."""
    datasets: dict[str, Counts] = {}
    for job, run in _runs(session, region):
        if run not in without:
            for report in _reports(session, job, run):
                datasets.setdefault(report["dataset"], Counts()).add(report)
    if not datasets:
        return False
    rows: list[list[Value]] = [
        [name, *(found.records[count] for count in _COUNTS), f"{found.seconds:.1f}", _listed(found.reasons)]
        for name, found in sorted(datasets.items())
    ]
    print(text_table(("dataset", "in", *_COUNTS[1:], "seconds", "reasons"), rows))
    tables = [found.table for found in datasets.values() if found.table and found.records["curated"]]
    if tables:
        print(f"see rows with: local-cloud rows {tables[0]}")
    return True


def _runs(session: Session, region: str) -> Iterator[tuple[str, str]]:
    glue = session.client("glue", region)
    for jobs in glue.get_paginator("get_jobs").paginate():
        for job in jobs["Jobs"]:
            for runs in glue.get_paginator("get_job_runs").paginate(JobName=job["Name"]):
                yield from ((job["Name"], run["Id"]) for run in runs["JobRuns"])


def _reports(session: Session, job: str, run: str) -> Iterator[dict[str, Any]]:
    output = session.workdir / "logs" / "glue" / file_name(job) / f"{run}.out"
    for line in output.read_text(errors="replace").splitlines() if output.exists() else []:
        try:
            report = json.loads(line) if line.startswith("{") else None
        except ValueError:
            continue
        if isinstance(report, dict) and isinstance(report.get("dataset"), str):
            yield report


def _listed(reasons: Counter[str]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in reasons.most_common())
