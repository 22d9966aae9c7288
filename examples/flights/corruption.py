"""Bad records, made of good ones: the same ones in every run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from examples.flights.records import WHOLE_NUMBERS, as_json, key_of
from lake_blueprints.contracts import Dataset


def _break_off(line: bytes, _: Dataset) -> bytes:
    return line[: len(line) // 2]


def _mistype(line: bytes, dataset: Dataset) -> bytes:
    number = next(c for c in dataset.data_columns if c.type.glue in WHOLE_NUMBERS and c.name not in dataset.primary_key)
    return as_json({**json.loads(line), key_of(number): "many"})


def _lose_key(line: bytes, dataset: Dataset) -> bytes:
    record = json.loads(line)
    del record[key_of(dataset.column(dataset.primary_key[0]))]
    return as_json(record)


def _repeat(line: bytes, _: Dataset) -> bytes:
    return line


DUPLICATE = "duplicate"
KINDS: dict[str, Callable[[bytes, Dataset], bytes]] = {
    "broken JSON": _break_off,
    "wrong type": _mistype,
    "missing key": _lose_key,
    DUPLICATE: _repeat,
}


def corrupt(lines: Sequence[bytes], dataset: Dataset, count: int) -> Iterator[bytes]:
    """Yield the lines and, spread evenly among them, `count` bad ones: of each kind as many, in turn."""
    kinds = list(KINDS.values())
    injected = 0
    for position, line in enumerate(lines, start=1):
        yield line
        due = position * count // len(lines)
        for number in range(injected, due):
            yield kinds[number % len(kinds)](line, dataset)
        injected = due


def expected(count: int) -> Counter[str]:
    """Return how many bad records there are of each kind."""
    names = list(KINDS)
    return Counter(names[number % len(names)] for number in range(count))
