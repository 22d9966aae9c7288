"""`lake contract accept`: keep contracts as what later versions are compared with."""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path
from typing import Any

from lake_blueprints.cli.contract.check import counted
from lake_blueprints.cli.contract.diff import compare, lines
from lake_blueprints.cli.contract.files import find, read
from lake_blueprints.cli.contract.reading_options import add_csv_columns, add_options, classifications
from lake_blueprints.contracts import Classifications, Contract
from template_checks.command.errors import CommandError

_LONGEST_NAME = 100


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "accept",
        help="copy contracts into the folder that an app compares its own with",
        description="Copy contracts, unless one breaks what was accepted without a major version. Commit the copies.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="file, folder or pattern")
    parser.add_argument("--into", metavar="DIR", required=True, help="folder of the accepted contracts")
    add_options(parser)
    add_csv_columns(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Copy the contracts; return 1 if one breaks what was accepted."""
    folder = Path(options.into)
    judge = classifications(options)
    new = read(options.files, judge, lenient=options.lenient)
    known = {contract.id for contract in new}
    accepted = [contract for contract in _accepted(folder, judge) if contract.id in known]
    compared = compare(accepted, new, options)
    print("\n\n".join("\n".join(lines(release)) for release in compared))
    if not all(release.allowed for release in compared):
        return 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for contract, path in zip(new, find(options.files), strict=True):
            # By id, so that a contract that moves replaces its former copy.
            (folder / f"{_file_name(contract.id)}.odcs.yaml").write_bytes(path.read_bytes())
    except OSError as error:
        raise CommandError(f"'{folder}' cannot be written: {error.strerror}") from None
    print(f"\naccepted {counted(len(new), 'contract')} into {folder}")
    return 0


def _accepted(folder: Path, judge: Classifications) -> list[Contract]:
    return read([str(folder)], judge, lenient=True) if folder.is_dir() and any(folder.iterdir()) else []


def _file_name(identity: str) -> str:
    """Return a file's name for an id, which may hold anything."""
    plain = re.sub(r"[^\w.-]+", "-", identity).strip(".-")[:_LONGEST_NAME]
    return plain if plain == identity else f"{plain}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"
