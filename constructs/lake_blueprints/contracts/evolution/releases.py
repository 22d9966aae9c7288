"""Contracts as they were accepted, beside contracts as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from lake_blueprints.contracts.checking import Finding
from lake_blueprints.contracts.contract import Contract
from lake_blueprints.contracts.evolution.changes import Change
from lake_blueprints.contracts.evolution.compatibility import compare, judge


@frozen(kw_only=True)
class Release:
    """Release of one contract: its changes and the version they require.

    Parameters
    ----------
    contract: str
        Its id.
    old_version, new_version: str, optional
        Its versions; None if there was, or is, no such contract.
    changes: tuple of Change
        What changed, breaking changes first.
    problem: Finding, optional
        What is wrong with the new version, given the changes. By default nothing.
    """

    contract: str
    old_version: str | None
    new_version: str | None
    changes: tuple[Change, ...]
    problem: Finding | None = None

    @property
    def allowed(self) -> bool:
        """Whether nobody is broken without a major version that says so."""
        return self.problem is None or self.problem.severity != "error"


def releases(
    old: Iterable[Contract], new: Iterable[Contract], *, csv_columns: Mapping[str, Sequence[str]] | None = None
) -> list[Release]:
    """Compare contracts of the same id, in the order of the old ones; new ones follow.

    `csv_columns` is what `DataLake` takes: the order of the columns in the CSV files of a dataset, by default the
    contract's.

    Example
    -------
        >>> [release] = releases([Contract.from_file("old.yaml")], [Contract.from_file("new.yaml")])
        >>> release.allowed
    """
    before, after = ({contract.id: contract for contract in contracts} for contracts in (old, new))
    order = csv_columns or {}
    return [_release(name, before.get(name), after.get(name), order) for name in dict.fromkeys([*before, *after])]


def _release(
    name: str, old: Contract | None, new: Contract | None, csv_columns: Mapping[str, Sequence[str]]
) -> Release:
    changes = tuple(compare(old.datasets if old else (), new.datasets if new else (), csv_columns=csv_columns))
    problem = None
    if old is not None and new is not None:
        problem = judge(old.version, new.version, changes)
    elif new is None:
        problem = Finding("id", f"contract '{name}' is gone; if that is meant, delete the file that was accepted")
    return Release(
        contract=name,
        old_version=old.version if old else None,
        new_version=new.version if new else None,
        changes=changes,
        problem=problem,
    )
