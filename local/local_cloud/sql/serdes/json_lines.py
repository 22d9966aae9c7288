"""The SerDes of JSON lines: OpenX and Hive (HCatalog).

https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
https://docs.aws.amazon.com/athena/latest/ug/hive-json-serde.html
https://github.com/trinodb/trino/blob/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/openxjson/README.md

Above 200 lines: two SerDes that share a reader of JSON and differ value by value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from local_cloud.errors import LocalCloudError
from local_cloud.sql.serdes import values
from local_cloud.sql.serdes.values import BadValue
from local_cloud.sql.types import HiveType

_TEXTS = ("string", "varchar", "char")


class _Number(str):
    """A number of a JSON document, as it is written there."""


class _Malformed(ValueError):
    pass


def openx(columns: Sequence[tuple[str, HiveType]], properties: Mapping[str, str]) -> Callable[[str], list[Any]]:
    """Return how the OpenX SerDe reads a line."""
    keys = _Keys(properties)
    skip = _is_set(properties, "ignore.malformed.json")
    lenient = _is_set(properties, "use.null.for.invalid.data")

    def read(line: str) -> list[Any]:
        if not line.strip():
            return [None] * len(columns)
        try:
            document = _parse(line, fold=keys.insensitive)
        except _Malformed as error:
            if skip:
                return [None] * len(columns)
            raise LocalCloudError(
                f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: {error}"
            ) from None
        found = keys.of(document, [name for name, _ in columns])
        row: list[Any] = []
        for position, ((_, kind), value) in enumerate(zip(columns, found, strict=True)):
            try:
                row.append(_openx_value(value, kind, keys))
            except BadValue as error:
                if not lenient:
                    raise values.bad_data(position, _text(value), error) from None
                row.append(None)
        return row

    return read


def hive(columns: Sequence[tuple[str, HiveType]], properties: Mapping[str, str]) -> Callable[[str], list[Any]]:
    """Return how the Hive SerDe reads a line: without regard to case, and each value of its column's type only."""
    keys = _Keys({})

    def read(line: str) -> list[Any]:
        try:
            document = _parse(line, fold=True)
        except _Malformed as error:
            raise LocalCloudError(f"HIVE_CURSOR_ERROR: JsonParseException: {error}") from None
        found = keys.of(document, [name for name, _ in columns])
        row = []
        for position, ((_, kind), value) in enumerate(zip(columns, found, strict=True)):
            try:
                row.append(_hive_value(value, kind, keys))
            except BadValue as error:
                raise values.bad_data(position, _text(value), error) from None
        return row

    return read


def _is_set(properties: Mapping[str, str], name: str, *, default: str = "false") -> bool:
    return str(properties.get(name, default)).lower() == "true"


class _Keys:
    """Finds the values of columns and fields by the keys of an object."""

    def __init__(self, properties: Mapping[str, str]) -> None:
        self.insensitive = _is_set(properties, "case.insensitive", default="true")
        self._dots = _is_set(properties, "dots.in.keys")
        given = {name.removeprefix("mapping."): key for name, key in properties.items() if name.startswith("mapping.")}
        self._mapping = {name.lower(): self._fold(key) for name, key in given.items()}

    def _fold(self, key: str) -> str:
        return key.lower() if self.insensitive else key

    def of(self, document: dict[str, Any], names: Sequence[str]) -> list[Any]:
        folded = {self._fold(key): value for key, value in document.items()}
        dotted = {key.replace(".", "_"): value for key, value in reversed(folded.items())} if self._dots else {}
        return [self._value(folded, dotted, name) for name in names]

    def _value(self, folded: dict[str, Any], dotted: dict[str, Any], name: str) -> Any:
        if name.lower() in self._mapping:
            return folded.get(self._mapping[name.lower()])
        key = self._fold(name)
        return folded[key] if key in folded else dotted.get(key)


def _parse(line: str, *, fold: bool) -> dict[str, Any]:
    """Parse one object, in which no key may be given twice."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in pairs:
            folded = key.lower() if fold else key
            if folded in seen:
                raise _Malformed(f'Duplicate key "{folded}"')
            seen.add(folded)
        return dict(pairs)

    try:
        document = json.loads(
            line, object_pairs_hook=unique, parse_int=_Number, parse_float=_Number, parse_constant=_Number
        )
    except _Malformed:
        raise
    except (ValueError, RecursionError) as error:
        raise _Malformed(str(error)) from None
    if isinstance(document, list):
        raise LocalCloudError("NOT_SUPPORTED: a row that is a JSON array is not read locally")
    if not isinstance(document, dict):
        raise _Malformed("A JSONObject text must begin with '{'")
    return document


def _openx_value(value: Any, kind: HiveType, keys: _Keys) -> Any:
    if value is None:
        return None
    if kind.children:
        return _openx_nested(value, kind, keys)
    if kind.name in _TEXTS:
        return values.cut(_text(value), kind)
    if isinstance(value, (dict, list)):
        raise BadValue(f"an array or object is no {kind}")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if kind.name == "timestamp":
        return values.since_epoch(Decimal(value)) if isinstance(value, _Number) else values.instant(text)
    if kind.name in values.INTEGERS and isinstance(value, _Number):
        text = _whole(text)
    if kind.name not in values.FROM_TEXT:
        raise LocalCloudError(f"NOT_SUPPORTED: {kind} in JSON is not read locally")
    return values.FROM_TEXT[kind.name](text, kind)


def _whole(text: str) -> str:
    """Write a number without its fraction if that is nothing."""
    number = Decimal(text)
    return str(int(number)) if number.is_finite() and number == number.to_integral_value() else text


def _openx_nested(value: Any, kind: HiveType, keys: _Keys) -> Any:
    (_, child), *_ = kind.children
    if isinstance(value, str) and not isinstance(value, _Number) and not value.strip():
        return None
    if kind.name == "array":
        items = value if isinstance(value, list) else [value]
        return [_openx_value(item, child, keys) for item in items]
    if not isinstance(value, dict):
        raise BadValue(f"{_text(value)!r} is no {kind.name}")
    if kind.name == "map":
        return _map(value, kind, lambda item, inner: _openx_value(item, inner, keys))
    found = keys.of(value, [name for name, _ in kind.children])
    return {name: _openx_value(item, inner, keys) for (name, inner), item in zip(kind.children, found, strict=True)}


def _map(value: dict[str, Any], kind: HiveType, convert: Callable[[Any, HiveType], Any]) -> list[tuple[Any, Any]]:
    (_, key_kind), (_, item_kind) = kind.children
    return [(convert(key, key_kind), convert(item, item_kind)) for key, item in value.items()]


def _hive_value(value: Any, kind: HiveType, keys: _Keys) -> Any:
    if value is None:
        return None
    number = isinstance(value, _Number)
    if kind.children:
        return _hive_nested(value, kind, keys)
    if kind.name in _TEXTS:
        if isinstance(value, (dict, list)):
            raise BadValue(f"an array or object is no {kind}")
        return values.cut(_text(value), kind)
    wanted = {"boolean": bool, "date": str, "timestamp": str}.get(kind.name, _Number)
    if not isinstance(value, wanted) or (wanted is str and number):
        raise BadValue(f"Current token is no {kind}")
    if kind.name == "boolean":
        return value
    if kind.name not in values.FROM_TEXT:
        raise LocalCloudError(f"NOT_SUPPORTED: {kind} in JSON is not read locally")
    return values.FROM_TEXT[kind.name](str(value), kind)


def _hive_nested(value: Any, kind: HiveType, keys: _Keys) -> Any:
    if kind.name == "array":
        if not isinstance(value, list):
            raise BadValue(f"{_text(value)!r} is no array")
        return [_hive_value(item, kind.children[0][1], keys) for item in value]
    if not isinstance(value, dict):
        raise BadValue(f"{_text(value)!r} is no {kind.name}")
    if kind.name == "map":
        # Keys are texts in JSON, whatever their type.
        return _map(value, kind, lambda item, inner: _openx_value(item, inner, keys))
    found = keys.of(value, [name for name, _ in kind.children])
    return {name: _hive_value(item, inner, keys) for (name, inner), item in zip(kind.children, found, strict=True)}


def _text(value: Any) -> str:
    """Write a value as JSON without spaces; a text as itself."""
    if isinstance(value, _Number):
        return _number_text(value)
    return value if isinstance(value, str) else _json(value)


def _number_text(number: str) -> str:
    if number.lstrip("-").isdigit() or (set(number) <= set("-.0123456789") and not number.endswith("0")):
        return str(number)
    raise LocalCloudError(f"NOT_SUPPORTED: how the number {number} is spelled as text is not reproduced locally")


def _json(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(key, ensure_ascii=False)}:{_json(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_json, value))}]"
    if isinstance(value, _Number):
        return _number_text(value)
    return json.dumps(value, ensure_ascii=False)
