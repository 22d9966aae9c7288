"""Statements of Flink SQL, and the tables of AWS in them as folders of this machine.

Above 200 lines: one small language, from its characters to its options.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TOKEN = re.compile(
    r"(?P<blank>\s+|--[^\n]*|/\*.*?\*/)|(?P<text>'(?:[^']|'')*')|(?P<name>`(?:[^`]|``)*`|[A-Za-z_]\w*)|(?P<other>.)",
    re.DOTALL,
)
_MONITORED = {"source.monitor-interval": "100 ms"}
_ROLLED = {
    "sink.rolling-policy.rollover-interval": "200 ms",
    "sink.rolling-policy.inactivity-interval": "200 ms",
    "sink.rolling-policy.check-interval": "100 ms",
}
# Options that change no record, or only how fast it comes.
_WITHOUT_EFFECT = (
    *("source.reader.type", "source.shard.discovery.interval", "source.shard.get-records.max-record-count"),
    *("sink.batch.max-size", "sink.requests.max-inflight", "sink.requests.max-buffered", "sink.fail-on-error"),
    *("sink.flush-buffer.size", "sink.flush-buffer.timeout"),
)
_OPTIONS = {
    "kinesis": (
        *("connector", "stream.arn", "aws.region", "format", "source.init.position"),
        "sink.partitioner-field-delimiter",
    ),
    "firehose": ("connector", "delivery-stream", "aws.region", "format"),
}
_LOCAL = ("print", "blackhole", "datagen")
_KEY_TYPES = ("STRING", "CHAR", "VARCHAR", "INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BOOLEAN")
_COMPUTED = ("WATERMARK", "PRIMARY", "CONSTRAINT")


class StatementError(Exception):
    """A statement that Flink or the local cloud does not run."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word, text or sign of a statement, and where it is."""

    kind: str
    text: str
    start: int
    end: int
    depth: int

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind == "name" and not self.text.startswith("`") else ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table as the local Flink has it.

    Parameters
    ----------
    name, ddl: str
        Its name, and the statement that makes it.
    folder: str
        Where its files are; empty if it is none of AWS's.
    facts: mapping
        What the local cloud must know of it.
    """

    name: str
    ddl: str
    folder: str
    facts: Mapping[str, Any]


def tokens(text: str) -> Iterator[Token]:
    """Yield what a statement consists of, without blanks and comments."""
    depth = 0
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        if kind == "blank":
            continue
        depth -= found[0] == ")"
        yield Token(kind=kind, text=found[0], start=found.start(), end=found.end(), depth=depth)
        depth += found[0] == "("


class Statement:
    """One statement.

    Parameters
    ----------
    text: str
        As the application gives it, with or without its last semicolon.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip().rstrip(";").strip()
        self._tokens = list(tokens(self.text))
        if any(token.text == ";" for token in self._tokens):
            raise StatementError("execute_sql takes one statement, and this text has several")

    @property
    def kind(self) -> str:
        """Its first words: `INSERT`, `CREATE TABLE` and so on."""
        words = [token.word for token in self._tokens[:3]] + ["", "", ""]
        if words[0] == "CREATE":
            return f"CREATE {words[2] if words[1] == 'TEMPORARY' else words[1]}"
        return words[0]

    @property
    def target(self) -> str:
        """The table of an INSERT."""
        place = next((n for n, token in enumerate(self._tokens) if token.word in ("INTO", "OVERWRITE")), None)
        if place is None:
            raise StatementError(f"INSERT without INTO: {self.text[:80]}")
        return self._name(place + 1)

    def table(self, folder: Path) -> Table:
        """Return the table that it makes.

        Raises
        ------
        StatementError
            If the local cloud cannot stand for it; with its connector or option.
        """
        place = next(n for n, token in enumerate(self._tokens) if token.word == "TABLE") + 1
        if [token.word for token in self._tokens[place : place + 3]] == ["IF", "NOT", "EXISTS"]:
            place += 3
        name = self._name(place)
        clause = next((n for n, token in enumerate(self._tokens) if token.word == "WITH" and token.depth == 0), None)
        if clause is None or any(token.word in ("LIKE", "AS") and token.depth == 0 for token in self._tokens[clause:]):
            raise StatementError(f"table {name}: the local cloud needs a WITH clause of its own, without LIKE and AS")
        options = self._options(clause)
        connector = options.get("connector", "")
        if connector in _LOCAL:
            return Table(name=name, ddl=self.text, folder="", facts={"connector": connector, "given": {}})
        if connector == "filesystem":
            path = options.get("path", "")
            if not path.startswith(("/", "file:")):
                raise StatementError(f"table {name}: the local cloud's filesystem is this machine's, not {path!r}")
            return Table(name=name, ddl=self.text, folder="", facts={"connector": connector, "given": {}})
        if connector not in _OPTIONS:
            known = ", ".join(sorted([*_OPTIONS, *_LOCAL, "filesystem"]))
            raise StatementError(f"table {name}: the local cloud has the connectors {known}, and not {connector!r}")
        _check(name, connector, options)
        return self._folder_of(name, connector, options, folder, clause)

    def _folder_of(self, name: str, connector: str, options: Mapping[str, str], folder: Path, clause: int) -> Table:
        own = re.sub(r"\W", "_", name)
        path = folder / own / "files"
        physical = self._columns(name)
        kept = {k: v for k, v in options.items() if k.startswith("json.")}
        replaced = {"connector": "filesystem", "path": f"file://{path}", "format": "json", **kept}
        replaced |= {**_MONITORED, **_ROLLED}
        keys, without_keys = self._partition(name, physical)
        facts: dict[str, Any] = {"connector": connector, "given": dict(options), "keys": keys, "raw": None}
        if options["format"] == "raw":
            if len(physical) != 1 or next(iter(physical.values())) not in ("STRING", "VARCHAR"):
                raise StatementError(f"table {name}: the format raw takes one column of type STRING in the local cloud")
            facts["raw"] = next(iter(physical))
        written = ", ".join(f"'{key}'='{value.replace(chr(39), chr(39) * 2)}'" for key, value in replaced.items())
        head = without_keys(self.text[: self._tokens[clause].start])
        return Table(name=name, ddl=f"{head.rstrip()}\nWITH ({written})", folder=own, facts=facts)

    def _options(self, clause: int) -> dict[str, str]:
        found = [_unquoted(token.text) for token in self._tokens[clause + 1 :] if token.kind == "text"]
        return dict(zip(found[::2], found[1::2], strict=True))

    def _columns(self, name: str) -> dict[str, str]:
        """Return the types of the columns that records have, without their parameters."""
        first = next(n for n, token in enumerate(self._tokens) if token.text == "(")
        columns: dict[str, str] = {}
        part: list[Token] = []
        for token in self._tokens[first + 1 :]:
            if token.depth == 0 or (token.depth == 1 and token.text == ","):
                words = [one.word for one in part]
                if "METADATA" in words:
                    raise StatementError(f"table {name}: the local cloud has no METADATA columns")
                if part and words[0] not in _COMPUTED and len(words) > 1 and words[1] != "AS":
                    columns[_unquoted(part[0].text)] = words[1]
                part = []
                if token.depth == 0:
                    break
            else:
                part.append(token)
        return columns

    def _partition(self, name: str, columns: Mapping[str, str]) -> tuple[list[str], Callable[[str], str]]:
        """Return the columns of PARTITIONED BY, and what removes the clause: a folder's files would lack them."""
        place = next((n for n, one in enumerate(self._tokens) if one.word == "PARTITIONED" and one.depth == 0), None)
        if place is None:
            return [], lambda text: text
        last = next(token for token in self._tokens[place + 2 :] if token.text == ")" and token.depth == 0)
        inside = (token for token in self._tokens[place + 2 :] if token.end < last.end)
        keys = [_unquoted(token.text) for token in inside if token.kind == "name"]
        for key in keys:
            if columns.get(key) not in _KEY_TYPES:
                raise StatementError(
                    f"table {name}: the local cloud makes partition keys of texts, integers and booleans, "
                    f"and {key} is {columns.get(key, 'no column')}"
                )
        start, end = self._tokens[place].start, last.end
        return keys, lambda text: text[:start] + text[end:]

    def _name(self, place: int) -> str:
        parts = [self._tokens[place].text]
        while place + 2 < len(self._tokens) and self._tokens[place + 1].text == ".":
            place += 2
            parts.append(self._tokens[place].text)
        if len(parts) > 1:
            raise StatementError(
                f"{'.'.join(parts)}: the local cloud has one catalog and database: name the table alone"
            )
        return _unquoted(parts[0])


def _check(name: str, connector: str, options: Mapping[str, str]) -> None:
    """Refuse an option that nothing here acts on, and a table without what it must have."""
    needed = ("stream.arn" if connector == "kinesis" else "delivery-stream", "aws.region", "format")
    for option in needed:
        if option not in options:
            raise StatementError(f"table {name}: missing required option {option!r} of connector {connector!r}")
    formats = ("json", "raw") if connector == "kinesis" else ("json",)
    if options["format"] not in formats:
        known = " and ".join(formats)
        raise StatementError(f"table {name}: {connector} has the format {known} locally, not {options['format']!r}")
    for option in options:
        if option not in (*_OPTIONS[connector], *_WITHOUT_EFFECT) and not option.startswith("json."):
            raise StatementError(f"table {name}: the local cloud does not follow option {option!r} of {connector}")
    position = options.get("source.init.position", "LATEST")
    if position not in ("LATEST", "TRIM_HORIZON"):
        raise StatementError(
            f"table {name}: 'source.init.position' is LATEST or TRIM_HORIZON in the local cloud, not {position!r}"
        )
    if options.get("source.reader.type", "POLLING") != "POLLING":
        raise StatementError(f"table {name}: the local cloud has no enhanced fan-out: 'source.reader.type' is POLLING")


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote) if quote in "'`" else text
