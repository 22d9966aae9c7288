"""The command that runs a state machine, and tells what came of it."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local_cloud.cli import account
from local_cloud.cli.session import Session, add_region, service_errors
from local_cloud.errors import LocalCloudError
from local_cloud.server.private_files import file_name


def add_parsers(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("run", help="run a state machine to its end, and account for the records")
    parser.add_argument("state_machine", nargs="?", help="its ARN or its name; default: the only one that there is")
    parser.add_argument("--input", default="{}", help="JSON")
    parser.add_argument("--verbose", "-v", action="store_true", help="print every state that is entered or left")
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help="file for the execution's output, as JSON")
    add_region(parser)
    parser.set_defaults(run=_run)


def _run(options: Namespace) -> None:
    from local_cloud.client import executions  # noqa: PLC0415  like boto3, slow to load

    try:
        payload = json.loads(options.input)
    except ValueError as error:
        raise LocalCloudError(f"--input must be JSON: {error}") from None
    session = Session.of(options)
    client = session.client("stepfunctions", options.region)
    with service_errors():
        arn = _arn_of(client, options.state_machine)
        progress = Progress(_tasks_of(client, arn), verbose=options.verbose)
        already = account.known_runs(session, options.region)
        try:
            done = executions.execute(client, arn, payload, progress)
        except executions.ExecutionFailed as error:
            account.show(session, options.region, without=already)
            raise LocalCloudError(f"{error}{_log_of(options.workdir, error.job)}") from None
    print(f"succeeded after {time.monotonic() - progress.began:.0f} seconds")
    for warning in _broken_rules(done.history):
        print(f"warning: {warning}")
    account.show(session, options.region, without=already)
    if options.output:
        options.output.write_text(json.dumps(done.output, indent=2) + "\n", encoding="utf-8")


class Progress:
    """Prints each task when it is first entered, and each failure.

    Parameters
    ----------
    tasks: set of str
        Names of the states that do work. Waits, choices and the later rounds of polls say nothing.
    verbose: bool
        Whether every event is printed.
    """

    def __init__(self, tasks: set[str], *, verbose: bool) -> None:
        self.began = time.monotonic()
        self._tasks = tasks
        self._verbose = verbose

    def __call__(self, line: str) -> None:
        verb, _, name = line.partition(" ")
        if self._verbose or verb == "failed" or (verb == "entered" and name in self._tasks):
            self._tasks.discard(name)
            shown = line if self._verbose or verb == "failed" else name
            print(f"{time.monotonic() - self.began:6.1f} s  {shown}", flush=True)


def _arn_of(client: Any, wanted: str | None) -> str:
    if wanted and wanted.startswith("arn:"):
        return wanted
    pages = client.get_paginator("list_state_machines").paginate()
    machines = {one["name"]: str(one["stateMachineArn"]) for page in pages for one in page["stateMachines"]}
    there_are = f"there are: {', '.join(sorted(machines)) or 'none'}"
    if wanted:
        if wanted not in machines:
            raise LocalCloudError(f"there is no state machine {wanted}; {there_are}")
        return machines[wanted]
    if len(machines) != 1:
        raise LocalCloudError(f"name the state machine; {there_are}")
    return next(iter(machines.values()))


def _tasks_of(client: Any, arn: str) -> set[str]:
    try:
        definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
    except (client.exceptions.StateMachineDoesNotExist, client.exceptions.InvalidArn):
        raise LocalCloudError(f"there is no state machine {arn}") from None
    return set(_tasks(json.loads(definition)))


def _tasks(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, state in node.get("States", {}).items():
            if isinstance(state, dict) and state.get("Type") == "Task":
                yield name
        for value in node.values():
            yield from _tasks(value)
    elif isinstance(node, list):
        for value in node:
            yield from _tasks(value)


def _log_of(workdir: Path, job: dict[str, Any]) -> str:
    """Return where the log of a failed job is: of a run of Glue or a training of SageMaker."""
    logs = workdir / "logs"
    if "JobName" in job and "Id" in job:
        path = logs / "glue" / file_name(job["JobName"]) / f"{job['Id']}.err"
    elif "TrainingJobName" in job:
        path = logs / "training" / f"{file_name(job['TrainingJobName'])}.log"
    else:
        return ""
    return f" (log: {path})" if path.exists() else ""


def _broken_rules(history: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the rules that were not kept, of each result of Glue Data Quality that the execution has read."""
    for event in history:
        details = event.get("taskSucceededEventDetails", {})
        if not details.get("resource", "").lower().endswith("getdataqualityresult"):
            continue
        result = json.loads(details.get("output") or "{}")
        table = result.get("DataSource", {}).get("GlueTable", {}).get("TableName", "")
        for rule in result.get("RuleResults", []):
            if rule.get("Result") != "PASS":
                name = rule.get("Labels", {}).get("rule") or rule.get("Description") or rule.get("Name")
                yield f"{table}: rule '{name}' is broken"
