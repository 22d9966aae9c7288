"""Arguments and exit code of `local-cloud`; each module of this package with `add_parsers` brings commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import local_cloud.cli
from local_cloud.errors import LocalCloudError

DEFAULT_WORKDIR = Path(".lake") / "local"
# Of a program that SIGPIPE ended, as shells report it.
_PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except LocalCloudError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Python flushes standard output once more when it ends, which would fail with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local-cloud", description="An AWS on this machine.")
    parser.add_argument("--workdir", type=Path, default=DEFAULT_WORKDIR, help=f"default: {DEFAULT_WORKDIR}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in _families():
        module.add_parsers(commands)
    return parser


def _families() -> Iterator[Any]:
    package = local_cloud.cli
    for found in iter_modules(package.__path__, f"{package.__name__}."):
        module = import_module(found.name)
        if hasattr(module, "add_parsers"):
            yield module
