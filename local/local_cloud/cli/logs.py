"""The command that prints logs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from local_cloud.cli.session import Session, add_region, service_errors
from local_cloud.errors import LocalCloudError
from local_cloud.server.private_files import file_name


def add_parsers(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("logs", help="print the log of a Glue job or run, a training or a Lambda function")
    parser.add_argument("name", nargs="?", help="name of a job or function, or id of a run; default: list the logs")
    add_region(parser)
    parser.set_defaults(run=_logs)


def _logs(options: Namespace) -> None:
    folder = options.workdir / "logs"
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_mtime)
    if options.name is None:
        for path in files:
            print(path)
        return
    found = _of_one_run([path for path in files if file_name(options.name) in _names(path, folder)])
    if found:
        for path in found:
            print(path.read_text(errors="replace"), end="")
        return
    with service_errors():
        session = Session.of(options)
        group = _group_of_function(session.client("lambda", options.region), options.name)
        if group is None or not _print_group(session.client("logs", options.region), group):
            raise LocalCloudError(f"there is no log of '{options.name}'; see all with: local-cloud logs")


def _names(path: Path, folder: Path) -> set[str]:
    """Return the names under which a file is found: that of the job, its folder, and that of the run."""
    return {path.name, path.stem, *(part for part in path.relative_to(folder).parts[1:-1])}


def _of_one_run(files: list[Path]) -> list[Path]:
    """Return the files of the newest run, output before errors."""
    return sorted((path for path in files if path.stem == files[-1].stem), reverse=True) if files else []


def _group_of_function(client: Any, name: str) -> str | None:
    try:
        return str(client.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"])
    except client.exceptions.ResourceNotFoundException:
        return None


def _print_group(client: Any, group: str) -> bool:
    try:
        events = [
            event
            for page in client.get_paginator("filter_log_events").paginate(logGroupName=group)
            for event in page["events"]
        ]
    except client.exceptions.ResourceNotFoundException:
        return False
    for event in sorted(events, key=lambda event: event["timestamp"]):
        print(event["message"].rstrip("\n"))
    return True
