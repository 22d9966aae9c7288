"""Changes between two versions of datasets, and whether they break consumers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lake_blueprints.contracts.checking import Finding, Level
from lake_blueprints.contracts.dataset import Dataset
from lake_blueprints.contracts.evolution.changes import Change, Place
from lake_blueprints.contracts.evolution.columns import column_changes
from lake_blueprints.contracts.evolution.positions import position_changes
from lake_blueprints.contracts.evolution.service_levels import (
    quality_changes,
    relationship_changes,
    role_changes,
    service_level_changes,
)
from lake_blueprints.contracts.evolution.versions import Bump, Version


def compare(
    old: Iterable[Dataset], new: Iterable[Dataset], *, csv_columns: Mapping[str, Sequence[str]] | None = None
) -> list[Change]:
    """Return every change from the old datasets to the new ones, breaking ones first.

    `csv_columns` is what `DataLake` takes: the order of the columns in the CSV files of a dataset, by default the
    contract's.

    Example
    -------
        >>> changes = compare(Contract.from_file("old.yaml").datasets, Contract.from_file("new.yaml").datasets)
        >>> [str(change) for change in changes if change.breaking]
    """
    before, after = ({dataset.name: dataset for dataset in datasets} for datasets in (old, new))
    changes: list[Change] = []
    for name, dataset in before.items():
        if name in after:
            changes += _dataset(dataset, after[name])
            changes += position_changes(Place(name), dataset, after[name], (csv_columns or {}).get(name, ()))
        else:
            changes.append(Place(name).dropped("dataset", "it is gone", columns=dataset.column_names))
    changes += [Place(name).minor("dataset added", "it is new") for name in after if name not in before]
    return sorted(changes, key=lambda change: -change.needs)


def judge(old_version: str, new_version: str, changes: Sequence[Change]) -> Finding | None:
    """Say what is wrong with the new version, given what changed; None if nothing is."""
    if not changes:
        return None
    needs = max(change.needs for change in changes)
    severity: Level = "error" if needs is Bump.MAJOR else "warning"
    old, new = Version.parse(old_version), Version.parse(new_version)
    for text, version in ((old_version, old), (new_version, new)):
        if version is None:
            return Finding("version", f"'{text}' is not semantic; use three numbers, such as 1.0.0", severity)
    assert old is not None and new is not None
    lowest = old.next(needs)
    if new >= lowest:
        return None
    number = sum(change.needs is needs for change in changes)
    what = {Bump.MAJOR: "breaking", Bump.MINOR: "compatible", Bump.PATCH: "editorial"}[needs]
    return Finding(
        "version",
        f"{number} {what} change{'s need' if number > 1 else ' needs'} version {lowest} or later, got {new_version}",
        severity,
    )


def _dataset(old: Dataset, new: Dataset) -> Iterator[Change]:
    of = Place(old.name)
    yield from column_changes(of, old, new)
    yield from _layout(of, old, new)
    yield from quality_changes(of, old.quality, new.quality)
    yield from relationship_changes(of, old, new)
    yield from service_level_changes(of, old.service_levels, new.service_levels)
    yield from role_changes(of, old.roles, new.roles)
    if old.classification != new.classification:
        changed = f"{old.classification or 'none'} → {new.classification or 'none'}"
        yield of.patch("classification changed", changed)
    if any(getattr(old, word) != getattr(new, word) for word in ("description", "governance")):
        yield of.patch("words changed", "its description, or who answers for it")


def _layout(of: Place, old: Dataset, new: Dataset) -> Iterator[Change]:
    for what, before, after in (
        ("primary key", old.primary_key, new.primary_key),
        ("partitioning", old.partition_keys, new.partition_keys),
    ):
        if before != after:
            text = f"{', '.join(before) or 'none'} → {', '.join(after) or 'none'}"
            yield of.major(f"{what} changed", text, [*before, *(name for name in after if name not in before)])
    transforms = [[f"{one.text} of {one.column}" for one in dataset.partitioning] for dataset in (old, new)]
    if transforms[0] != transforms[1]:
        text = " → ".join(", ".join(listed) or "none" for listed in transforms)
        yield of.minor("hidden partitioning changed", f"{text}; files of before stay as they are")
    if old.format != new.format:
        yield of.major("format changed", f"{old.format} → {new.format}")
    elif old.delimiter != new.delimiter:
        yield of.major("delimiter changed", f"{old.delimiter!r} → {new.delimiter!r}")
    places = {(server.server, server.environment): server.properties for server in new.placements}
    for server in old.placements:
        if places.pop((server.server, server.environment), None) != server.properties:
            yield of.major("placement changed", f"server '{server.server}' is gone, or names other places")
    for name, _ in places:
        yield of.minor("placement added", f"server '{name}' is new")
