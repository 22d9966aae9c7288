"""`lake contract infer`: a first contract, drawn from records."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from lake_blueprints.cli.contract.draft import draft
from lake_blueprints.cli.contract.sample import Sample
from lake_blueprints.contracts import Contract, ContractError
from template_checks.command.errors import CommandError


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "infer",
        help="draw a first contract from a sample of the data",
        description="Draw a contract from a CSV, JSON lines or Parquet file. Comments say what you must decide.",
    )
    parser.add_argument("file", metavar="FILE", help="file of records; .gz may follow .csv and .jsonl")
    parser.add_argument("--name", help="name of the dataset; by default the file's")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it; by default it is printed")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the contract."""
    path = Path(options.file)
    text = draft(Sample.of(path), options.name or path.name.split(".")[0])
    try:
        Contract.from_text(text)
    except ContractError as error:
        raise CommandError(f"{path}: no lake can hold this: {error}") from None
    if options.output is None:
        print(text, end="")
        return 0
    output = Path(options.output)
    if output.exists():
        raise CommandError(f"'{output}' exists already; name another file, or delete it")
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"'{output}' cannot be written: {error.strerror}") from None
    print(f"wrote {output}: {text.count('decide:')} decisions are left to you", file=sys.stderr)
    return 0
