"""Options of commands that read contracts: an organization's own classifications, and keys that are not known."""

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


def _listed(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
