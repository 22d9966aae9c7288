"""Arguments and exit code of `lake check`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from template_checks.command import rendering
from template_checks.command.acknowledgments import listed
from template_checks.command.finding import Severity
from template_checks.command.gates import GATES
from template_checks.command.running import run, templates_of

_FAIL_ON = {"error": Severity.ERROR, "warning": Severity.WARNING, "info": Severity.INFO}


def main(arguments: Sequence[str]) -> int:
    """Run `lake check`; return the exit code."""
    options = _parser().parse_args(arguments)
    if options.acknowledged:
        print(listed(templates_of(options.assembly)), end="")
        return 0
    findings = run(options.assembly, [gate for gate in GATES if gate not in options.skip])
    text = rendering.FORMATS[options.format](findings)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    threshold = _FAIL_ON.get(options.fail_on)
    return int(threshold is not None and any(finding.severity >= threshold for finding in findings))


def _parser() -> argparse.ArgumentParser:
    gates = "; ".join(f"{name}: {what}" for name, (_, what, _) in GATES.items())
    parser = argparse.ArgumentParser(
        prog="lake check", description=f"Run every gate over a synthesised app. The gates are {gates}."
    )
    parser.add_argument("assembly", nargs="?", type=Path, default=Path("cdk.out"), help="default: cdk.out")
    parser.add_argument("--format", choices=rendering.FORMATS, default="table", help="default: table")
    parser.add_argument("--output", "-o", type=Path, help="file to write; default: the terminal")
    parser.add_argument("--skip", action="append", choices=GATES, default=[], metavar="GATE", help="leave a gate out")
    parser.add_argument(
        "--fail-on", choices=[*_FAIL_ON, "never"], default="error", help="least severity that fails; default: error"
    )
    parser.add_argument(
        "--acknowledged", action="store_true", help="list what the app acknowledges, and why, instead of findings"
    )
    return parser
