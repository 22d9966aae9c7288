"""The command `lake`: contracts and synthesised apps, checked at a desk or in CI."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lake_blueprints.cli import contract
from template_checks import command as check
from template_checks.command.errors import CommandError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lake", description="Data contracts and lakes, checked before deployment.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    contract.add_parser(commands)
    check.add_parser(commands)
    return parser
