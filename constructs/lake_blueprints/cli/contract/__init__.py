"""`lake contract`: what a data owner does with contracts."""

from __future__ import annotations

import argparse
from typing import Any

from lake_blueprints.cli.contract import accept, check, diff, docs, infer


def add_parser(commands: Any) -> None:
    """Add `lake contract` and its commands."""
    parser: argparse.ArgumentParser = commands.add_parser("contract", help="check, compare and document contracts")
    inner = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (check, diff, accept, docs, infer):
        command.add_parser(inner)
