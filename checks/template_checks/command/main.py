"""The command `lake`, whose commands are entry points of the installed packages."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points

from template_checks.command.errors import CommandError

GROUP = "lake.commands"
# What a shell reports of a command that SIGPIPE has ended.
_PIPE_CLOSED = 128 + 13
# Commands of our other distributions, each with what installs it.
_ELSEWHERE = {"contract": "lake-blueprints", "init": "lake-blueprints", "local": "lake-local-cloud"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    commands = {entry.name: entry for entry in entry_points(group=GROUP)}
    parser = argparse.ArgumentParser(
        prog="lake",
        description="Data contracts, template checks and the local cloud.",
        epilog=_list(commands.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = sorted({*commands, *_ELSEWHERE})
    parser.add_argument("command", choices=known, metavar="COMMAND")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...")
    options = parser.parse_args(arguments)
    try:
        if options.command not in commands:
            package = _ELSEWHERE[options.command]
            raise CommandError(
                f"'lake {options.command}' comes with {package}, which is not installed: pip install {package}"
            )
        code = int(commands[options.command].load()(options.arguments))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; the interpreter would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _list(commands: Iterable[EntryPoint]) -> str:
    lines = (f"  lake {command.name} --help" for command in sorted(commands, key=lambda command: command.name))
    return "\n".join(("commands:", *lines))
