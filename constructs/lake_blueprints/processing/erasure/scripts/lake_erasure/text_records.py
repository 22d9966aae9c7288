"""Records that are lines of text: JSON lines and CSV, as producers wrote them; lines that stay keep every byte."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lake_erasure.errors import UnreadableError
from lake_erasure.subject_keys import SubjectKeys

_MARK = "\ufeff"
# Paths of values, and the keys in the spelling of their type.
Wanted = Sequence[tuple[Sequence[str], SubjectKeys]]
_BINARY = (b"PAR1", b"\x1f\x8b", b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff", b"BZh", b"\x28\xb5\x2f\xfd")


def without_json(content: bytes, wanted: Wanted) -> tuple[bytes, int]:
    """Return JSON lines without those of the persons, and how many these were."""
    _check_text(content)
    return _without(content.splitlines(keepends=True), lambda line: json_holds(line, wanted))


def without_csv(content: bytes, wanted: Wanted, delimiter: str) -> tuple[bytes, int]:
    """Return a CSV object without the lines of the persons, and how many these were; nothing if none is left."""
    _check_text(content)
    lines = content.splitlines(keepends=True)
    header = next((line for line in lines if _text(line).strip(" ")), b"")
    kept, removed = _without(lines, lambda line: line != header and csv_holds(line, _text(header), wanted, delimiter))
    return (kept if kept.strip() != header.strip() else b""), removed


def json_holds(line: bytes | str, wanted: Wanted) -> bool:
    """Tell whether a line is of one of the persons; one that is not JSON is, if a key stands in it."""
    text = _text(line)
    try:
        # Every pair, since a name may be there twice, and numbers as they are spelled.
        record = json.loads(text, object_pairs_hook=_Pairs, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return any(keys.anywhere(text) for _, keys in wanted)
    return record_holds(record, wanted)


def csv_holds(line: bytes | str, header: str, wanted: Wanted, delimiter: str) -> bool:
    """Tell whether a line below a header is of one of the persons; a broken one is, if a key stands in it."""
    text = _text(line)
    names, fields = _fields(header, delimiter), _fields(text, delimiter)
    if fields is None or names is None or len(fields) != len(names):
        return any(keys.anywhere(text) for _, keys in wanted)
    record: dict[str, list[str]] = {}
    for name, value in zip(names, fields, strict=True):
        record.setdefault(name.strip().lower(), []).append(value)
    for path, keys in wanted:
        values = record.get(path[0].strip().lower())
        if values is None:
            if keys.anywhere(text):
                return True
        elif any(_csv_value_holds(value, path[1:], keys) for value in values):
            return True
    return False


def record_holds(record: Any, wanted: Wanted) -> bool:
    """Tell whether a record that is read is of one of the persons."""
    return any(value in keys for path, keys in wanted for value in _values(record, path))


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object."""


def _values(record: Any, path: Sequence[str]) -> Iterator[Any]:
    if not path:
        yield record
        return
    members = record.items() if isinstance(record, Mapping) else record if isinstance(record, _Pairs) else ()
    for name, value in members:
        if name.lower() == path[0].lower():
            yield from _values(value, path[1:])


def _csv_value_holds(value: str, path: Sequence[str], keys: SubjectKeys) -> bool:
    # What is nested is JSON text in CSV.
    return json_holds(value, [(path, keys)]) if path else value in keys


def _fields(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _without(lines: Sequence[bytes], holds: Callable[[bytes], bool]) -> tuple[bytes, int]:
    kept = [line for line in lines if not (line.strip() and holds(line))]
    content = b"".join(kept)
    return (content if content.strip() else b""), len(lines) - len(kept)


def _text(line: bytes | str) -> str:
    text = line if isinstance(line, str) else line.decode("utf-8", "surrogateescape")
    return text.removeprefix(_MARK).rstrip("\r\n")


def _check_text(content: bytes) -> None:
    if content.startswith(_BINARY) or b"\0" in content[:4096]:
        raise UnreadableError("it is no text in UTF-8")
