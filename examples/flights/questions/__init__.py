"""Business questions: SQL files whose leading comments say what is asked, and how the answer is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from string import Template

FOLDER = Path(__file__).parent
_COMMENT = "-- "


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Chart of an answer: the columns of labels and values, and the unit.

    `line`, if given, is a second column of values, drawn as a line.
    """

    kind: str
    label: str
    value: str
    unit: str
    line: str | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    `sql` is put to the curated tables; `sql_on_raw` asks the same of what was delivered.
    """

    name: str
    title: str
    sql: Template
    sql_on_raw: Template
    chart: Chart | None

    def on_curated(self, *, curated: str, raw: str) -> str:
        """Return the SQL over the curated tables; reference tables are in the raw database."""
        return self.sql.substitute(database=curated, reference=raw)

    def on_raw(self, *, raw: str) -> str:
        """Return the SQL over the raw tables."""
        return self.sql_on_raw.substitute(database=raw, reference=raw)


def load(engine: str) -> list[Question]:
    """Return the questions for an engine in the order of their files' names."""
    files = sorted((FOLDER / engine).glob("*.sql"))
    return [_read(file) for file in files if not file.stem.endswith("_on_raw")]


def _read(file: Path) -> Question:
    header, sql = _split(file)
    title, *options = header
    on_raw = file.with_stem(f"{file.stem}_on_raw")
    described = dict(part.split(": ", 1) for option in options for part in option.split(", "))
    return Question(
        name=file.stem,
        title=title,
        sql=Template(sql),
        sql_on_raw=Template(_split(on_raw)[1] if on_raw.exists() else sql),
        chart=Chart(kind=described.pop("chart"), **described) if described else None,
    )


def _split(file: Path) -> tuple[list[str], str]:
    """Return the comments at the head of a file, and the SQL below them."""
    lines = file.read_text(encoding="utf-8").splitlines()
    header = list(takewhile(lambda line: line.startswith(_COMMENT), lines))
    return [line.removeprefix(_COMMENT) for line in header], "\n".join(lines[len(header) :])
