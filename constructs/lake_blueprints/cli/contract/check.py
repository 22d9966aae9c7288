"""`lake contract check`: everything that is wrong with contracts, one line each."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from lake_blueprints.cli.contract.files import find
from lake_blueprints.cli.contract.reading_options import add_options, classifications
from lake_blueprints.contracts import Contract
from lake_blueprints.contracts.checking import Finding, check, check_together


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="check contracts against the standard and against what a lake can hold",
        description="Check contracts. The exit code is 0 if a lake can be made of all of them, 1 if not.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="file, folder or pattern")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="by default text")
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the findings; return 1 if one of them is an error."""
    paths, judge = find(options.files), classifications(options)
    reading = {"classifications": judge, "lenient": options.lenient}
    findings = [(path, finding) for path in paths for finding in check(path, **reading)]
    broken = {path for path, finding in findings if finding.severity == "error"}
    contracts = {path: Contract.from_file(path, **reading) for path in paths if path not in broken}
    findings += check_together(contracts)
    if options.format == "json":
        print(json.dumps([_as_dict(path, finding) for path, finding in findings], indent=1))
    else:
        for path, finding in findings:
            if finding.severity != "info":
                print(_line(path, finding))
        print(_summary(len(paths), [finding for _, finding in findings]), file=sys.stderr)
    return int(any(finding.severity == "error" for _, finding in findings))


def _line(path: Path, finding: Finding) -> str:
    label = "" if finding.severity == "error" else f"{finding.severity}: "
    # A reason may quote a document, which may hold line breaks.
    return " ".join(f"{path}: {label}{finding}".split("\n"))


def _as_dict(path: Path, finding: Finding) -> dict[str, str]:
    return {
        "file": str(path),
        "place": finding.place,
        "severity": finding.severity,
        "message": finding.message,
    }


def _summary(contracts: int, findings: list[Finding]) -> str:
    errors, warnings = (sum(finding.severity == level for finding in findings) for level in ("error", "warning"))
    return ", ".join((counted(contracts, "contract"), counted(errors, "error"), counted(warnings, "warning")))


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
