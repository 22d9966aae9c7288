"""Options of commands that read contracts: own classifications, keys that are not known, the order of CSV files."""

from __future__ import annotations

import argparse

from lake_blueprints.contracts import Classifications, ContractError
from template_checks.command.errors import CommandError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--harmless",
        metavar="LEVEL,…",
        default="",
        help="own classifications that everyone may see, the most open first",
    )
    parser.add_argument(
        "--restricted", metavar="LEVEL,…", default="", help="own classifications that few may see, the most secret last"
    )
    parser.add_argument(
        "--unknown-classification",
        choices=("restrict", "allow"),
        default="restrict",
        help="what becomes of a column whose classification is neither known nor declared; by default restrict",
    )
    parser.add_argument(
        "--lenient", action="store_true", help="ignore keys that the standard does not know, with a warning for each"
    )


def classifications(options: argparse.Namespace) -> Classifications:
    """Return what the options say.

    Raises
    ------
    CommandError
        If they contradict themselves.
    """
    try:
        return Classifications(
            harmless=_listed(options.harmless),
            restricted=_listed(options.restricted),
            unknown_classification=options.unknown_classification,
        )
    except ContractError as error:
        raise CommandError(f"--harmless and --restricted: {error}") from None


def add_csv_columns(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that compare contracts."""
    parser.add_argument(
        "--csv-columns",
        metavar="DATASET=COLUMN,…",
        action="append",
        default=[],
        help="order of the columns in the CSV files of a dataset, as in the app; by default the contract's",
    )


def csv_columns(options: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    """Return the order of columns by dataset.

    Raises
    ------
    CommandError
        If one is not of the form.
    """
    found = {}
    for given in options.csv_columns:
        dataset, equals, names = given.partition("=")
        if not (equals and dataset.strip() and _listed(names)):
            raise CommandError(f"--csv-columns must be a dataset and its columns, as orders=id,status, got '{given}'")
        found[dataset.strip()] = _listed(names)
    return found


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
