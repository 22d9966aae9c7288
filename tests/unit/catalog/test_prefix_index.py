"""PrefixIndex: what may concern a prefix is found, and little else."""

from __future__ import annotations

import pytest

from lake_blueprints.catalog.prefix_index import PrefixIndex
from lake_blueprints.catalog.table_location import TableLocation

PREFIXES = ["flights/", "flights/2013/", "weather/", "fli", "", "quarantine/flights/"]


@pytest.mark.parametrize("prefix", [*PREFIXES, None, "f", "quarantine/", "trains/"])
def test_nothing_that_concerns_a_prefix_is_left_out(prefix: str | None) -> None:
    entries: PrefixIndex[TableLocation] = PrefixIndex()
    for one in PREFIXES:
        entries.add(one, TableLocation(prefix=one, tables="flights"))
    concerned = [one for one in PREFIXES if TableLocation(prefix=one, tables="flights").concerns(prefix)]
    assert sorted(entry.prefix for entry in entries.near(prefix) if entry.concerns(prefix)) == sorted(concerned)


def test_other_folders_are_not_looked_at() -> None:
    entries: PrefixIndex[str] = PrefixIndex()
    for number in range(1_000):
        entries.add(f"dataset_{number}/", f"dataset_{number}")
    assert list(entries.near("dataset_7/2013/")) == ["dataset_7"]


def test_what_is_found_may_change_what_is_known() -> None:
    entries: PrefixIndex[str] = PrefixIndex()
    entries.add("flights/", "one")
    for _ in entries.near("flights/"):
        entries.add("flights/", "two")
    assert list(entries.near("flights/")) == ["one", "two"]
