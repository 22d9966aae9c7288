"""`lake contract diff`: what changed, who notices, and whether the version says so."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from attrs import evolve

from lake_blueprints.cli.contract.files import read
from lake_blueprints.cli.contract.reading_options import add_csv_columns, add_options, classifications, csv_columns
from lake_blueprints.contracts import Contract, ContractError, Dataset
from lake_blueprints.contracts.evolution import (
    Bump,
    Change,
    Consumer,
    Release,
    related_consumers,
    releases,
    sql_consumers,
)
from template_checks.command.errors import CommandError

_TITLES = {
    Bump.MAJOR: "breaking, needs a major version",
    Bump.MINOR: "compatible, needs a minor version",
    Bump.PATCH: "editorial",
}


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "diff",
        help="compare two versions of a contract",
        description="Compare contracts. The exit code is 1 if a breaking change has no major version.",
    )
    parser.add_argument("old", metavar="OLD", help="file, or folder of contracts")
    parser.add_argument("new", metavar="NEW", help="file, or folder of contracts")
    parser.add_argument(
        "--consumers", metavar="DIR", action="append", default=[], help="contracts whose relationships use the data"
    )
    parser.add_argument("--sql", metavar="DIR", action="append", default=[], help="SQL files that use the data")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="by default text")
    add_options(parser)
    add_csv_columns(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the changes; return 1 if a breaking one has no major version."""
    judge = classifications(options)
    old, new = (read([path], judge, lenient=options.lenient) for path in (options.old, options.new))
    if len(old) == len(new) == 1 and old[0].id != new[0].id:
        # Two files named side by side are meant as one contract, whatever they call themselves.
        new = [evolve(new[0], id=old[0].id)]
    compared = compare(old, new, options)
    datasets = [dataset for contract in (*new, *old) for dataset in contract.datasets]
    consumers = [
        *related_consumers(dataset for contract in new for dataset in contract.datasets),
        *related_consumers(
            dataset
            for contract in read(options.consumers, judge, lenient=options.lenient)
            for dataset in contract.datasets
        ),
        *_sql(options.sql, datasets),
    ]
    if options.format == "json":
        print(json.dumps([_as_dict(release, consumers) for release in compared], indent=1))
    else:
        print("\n\n".join("\n".join(lines(release, consumers)) for release in compared))
    return int(not all(release.allowed for release in compared))


def compare(old: Iterable[Contract], new: Iterable[Contract], options: argparse.Namespace) -> list[Release]:
    """Return what changes, with the order of CSV files that is given.

    Raises
    ------
    CommandError
        If that order lacks a column.
    """
    try:
        return releases(old, new, csv_columns=csv_columns(options))
    except ContractError as error:
        raise CommandError(f"--csv-columns: {error}") from None


def lines(release: Release, consumers: Sequence[Consumer] = ()) -> Iterator[str]:
    """Return what a release changes as lines for people."""
    yield f"{release.contract} {release.old_version or 'new'} → {release.new_version or 'gone'}"
    for needs, changes in groupby(release.changes, key=lambda change: change.needs):
        yield f"  {_TITLES[needs]}"
        for change in changes:
            yield f"    {change}"
            if readers := _noticing(change, consumers):
                yield f"      used by {', '.join(readers)}"
    if not release.changes:
        yield "  nothing changed"
    if release.problem:
        yield f"  {release.problem.severity}: {release.problem}"


def _noticing(change: Change, consumers: Iterable[Consumer]) -> list[str]:
    if not change.breaking:
        return []
    return list(dict.fromkeys(consumer.name for consumer in consumers if consumer.notices(change)))


def _sql(folders: Iterable[str], datasets: Sequence[Dataset]) -> Iterator[Consumer]:
    known = {dataset.name: dataset for dataset in datasets}.values()
    for folder in map(Path, folders):
        if not folder.exists():
            raise CommandError(f"there is no file or folder '{folder}'")
        for path in sorted(folder.rglob("*.sql")) if folder.is_dir() else [folder]:
            yield from sql_consumers(str(path), path.read_text(encoding="utf-8", errors="replace"), known)


def _as_dict(release: Release, consumers: Sequence[Consumer]) -> dict[str, Any]:
    return {
        "contract": release.contract,
        "old_version": release.old_version,
        "new_version": release.new_version,
        "allowed": release.allowed,
        "problem": release.problem and str(release.problem),
        "changes": [
            {
                "kind": change.kind,
                "place": change.place,
                "text": change.text,
                "needs": change.needs.name.lower(),
                "used_by": _noticing(change, consumers),
            }
            for change in release.changes
        ],
    }
