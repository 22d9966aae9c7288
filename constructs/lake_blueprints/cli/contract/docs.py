"""`lake contract docs`: a data dictionary."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from lake_blueprints.cli.contract.check import counted
from lake_blueprints.cli.contract.files import read
from lake_blueprints.cli.contract.reading_options import add_options, classifications
from template_checks.command.errors import CommandError


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "docs",
        help="write a data dictionary as HTML and Markdown",
        description="Write a data dictionary: an index and a page for each dataset, as HTML and as Markdown.",
    )
    parser.add_argument("contracts", nargs="+", metavar="DIR", help="folder of contracts, file or pattern")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="folder of the dictionary")
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the dictionary."""
    contracts = read(options.contracts, classifications(options), lenient=options.lenient)
    try:
        dictionary = import_module("lake_blueprints.cli.dictionary")
    except ImportError as error:
        raise CommandError(
            f"'lake contract docs' needs {error.name}; install it with: pip install 'lake-blueprints[docs]'"
        ) from None
    folder = Path(options.output)
    try:
        dictionary.write(contracts, folder)
    except OSError as error:
        raise CommandError(f"'{folder}' cannot be written: {error.strerror}") from None
    datasets = sum(len(contract.datasets) for contract in contracts)
    print(f"{counted(datasets, 'dataset')} of {counted(len(contracts), 'contract')}: {folder / 'index.html'}")
    return 0
