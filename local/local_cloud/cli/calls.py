"""The command that lists calls."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from local_cloud.cli.session import Session


def add_parsers(commands: Any) -> None:
    """Add the command."""
    commands.add_parser("calls", help="print which calls were made under which roles").set_defaults(run=_calls)


def _calls(options: Namespace) -> None:
    for made in Session.of(options).call("GET", "calls")["calls"]:
        print(made["role"].rsplit("/", maxsplit=1)[-1], made["action"], made["resource"], sep="\t")
