"""The command that prints the address of the console."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from local_cloud.cli.session import Session


def add_parsers(commands: Any) -> None:
    """Add the command."""
    text = "print the address of the console, for a browser"
    commands.add_parser("console", help=text, description=text).set_defaults(run=_console)


def _console(options: Namespace) -> None:
    print(Session.of(options).call("GET", "status")["console"])
