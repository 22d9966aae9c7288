"""The command `lake contract`: checks, comparisons and documents of data contracts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from lake_blueprints.cli.contract import accept, check, diff, docs, infer


def main(arguments: Sequence[str]) -> int:
    """Run one command of `lake contract`; return the exit code."""
    parser = argparse.ArgumentParser(prog="lake contract", description="Check, compare and document data contracts.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (check, diff, accept, docs, infer):
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    return int(options.run(options))
