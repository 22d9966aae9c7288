"""Arguments and exit code of `lake check`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from template_checks.command import rendering
from template_checks.command.acknowledgments import listed
from template_checks.command.errors import CommandError
from template_checks.command.finding import Finding, Report, Severity
from template_checks.command.gates import GATES, PACKS
from template_checks.command.known import acknowledged_in, baseline_of, not_acknowledged, not_in_baseline
from template_checks.command.running import run, templates_of

_FAIL_ON = {"error": Severity.ERROR, "warning": Severity.WARNING, "compliance": Severity.COMPLIANCE}
_ALL = "all"


def main(arguments: Sequence[str]) -> int:
    """Run `lake check`; return the exit code: 1 if a finding fails it, 2 if something could not be done."""
    options = _parser().parse_args(arguments)
    if options.acknowledged:
        print(listed(templates_of(options.templates)), end="")
        return 0
    # Before the gates take their time.
    acknowledged = acknowledged_in(options.acknowledgments) if options.acknowledgments else []
    report = run(
        options.templates,
        [gate for gate in GATES if gate not in options.skip],
        list(PACKS) if _ALL in options.pack else list(dict.fromkeys(options.pack)),
    )
    if options.acknowledgments:
        report = _without(report, *not_acknowledged(report.findings, acknowledged, options.acknowledgments))
    if options.write_baseline:
        _write(options.write_baseline, baseline_of(report.findings))
        print(f"{options.write_baseline} has {len(report.findings)} findings")
        return 2 if report.failures else 0
    if options.baseline:
        report = _without(report, *not_in_baseline(report.findings, options.baseline))
    text = rendering.FORMATS[options.format](report)
    if options.output:
        _write(options.output, text)
    else:
        print(text, end="")
    if report.failures:
        return 2
    threshold = _FAIL_ON.get(options.fail_on)
    return int(threshold is not None and any(finding.severity >= threshold for finding in report.findings))


def _without(report: Report, remaining: list[Finding], notes: list[str]) -> Report:
    return evolve(report, findings=remaining, notes=[*report.notes, *notes])


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"'{path}' cannot be written: {(error.strerror or str(error)).lower()}") from None


def _parser() -> argparse.ArgumentParser:
    gates = "; ".join(f"{name}: {what}" for name, (_, what, _) in GATES.items())
    packs = "; ".join(f"{name}: {what}" for name, what in PACKS.items())
    parser = argparse.ArgumentParser(
        prog="lake check",
        description=f"Run every gate over a synthesised app, a template or a folder of them. The gates are {gates}.",
        epilog=f"The packs are {packs}. The exit code is 1 if a finding fails the check, 2 if a gate failed or a "
        "template could not be read.",
    )
    parser.add_argument(
        "templates",
        nargs="?",
        type=Path,
        default=Path("cdk.out"),
        help="output folder of 'cdk synth', or a template in JSON or YAML, or a folder of them; default: cdk.out",
    )
    parser.add_argument("--format", choices=rendering.FORMATS, default="table", help="default: table")
    parser.add_argument("--output", "-o", type=Path, help="file to write; default: the terminal")
    parser.add_argument("--skip", action="append", choices=GATES, default=[], metavar="GATE", help="leave a gate out")
    parser.add_argument(
        "--pack",
        action="append",
        choices=[*PACKS, _ALL],
        default=[],
        metavar="PACK",
        help=f"compliance pack to hold the templates against as well, or '{_ALL}'; may be given more than once",
    )
    parser.add_argument(
        "--fail-on",
        choices=[*_FAIL_ON, "never"],
        default="error",
        help="least level that fails: error, warning, or compliance, which is the findings of packs; default: error",
    )
    parser.add_argument(
        "--acknowledgments", type=Path, metavar="FILE", help="file that acknowledges findings, each with a reason"
    )
    parser.add_argument("--baseline", type=Path, metavar="FILE", help="leave out findings that a baseline has")
    parser.add_argument("--write-baseline", type=Path, metavar="FILE", help="write what is found as a baseline")
    parser.add_argument(
        "--acknowledged", action="store_true", help="list what the app acknowledges, and why, instead of findings"
    )
    return parser
