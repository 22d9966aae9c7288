"""A compaction that does not do what it must fails the demo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from examples.demo.errors import DemoError
from examples.flights.history import History, Snapshot

RECOVERED = Snapshot(identity="3", committed_at="10:00", operation="append", rows=9, data_files=1, delete_files=0)
COMPACTED = Snapshot(identity="4", committed_at="10:01", operation="replace", rows=9, data_files=1, delete_files=0)
HISTORY = History(table="flights", deleted=2, compacted=1, snapshots=[RECOVERED, COMPACTED])


def test_compaction_writes_files_again_and_keeps_the_rows() -> None:
    HISTORY.check_compacted()


@pytest.mark.parametrize(
    "history",
    [
        replace(HISTORY, compacted=0),
        replace(HISTORY, snapshots=[RECOVERED, replace(COMPACTED, rows=8)]),
        replace(HISTORY, snapshots=[RECOVERED, replace(COMPACTED, operation="append")]),
    ],
)
def test_any_other_compaction_is_refused(history: History) -> None:
    with pytest.raises(DemoError, match=r"flights: compaction wrote \d files again; the last two snapshots are append"):
        history.check_compacted()
