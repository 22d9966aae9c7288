"""Values held against the types that signatures declare, and both in a caller's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from typing_extensions import get_protocol_members

_SHOWN = 60


def fits(value: Any, hint: Any) -> bool:
    """Tell whether a value is of a type as signatures declare it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in (Any, object) or isinstance(hint, TypeVar):
        return True
    if hint in (None, NoneType):
        return value is None
    if origin in (Union, UnionType):
        return any(fits(value, part) for part in arguments)
    if origin is Literal:
        return value in arguments
    if origin is not None:
        return _fits_parts(value, origin, arguments)
    return _is_a(value, hint)


def _fits_parts(value: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:
    if origin is type:
        return isinstance(value, type)
    if isinstance(value, str | bytes) or not isinstance(value, origin):
        return False
    if issubclass(origin, Mapping):
        return all(fits(key, arguments[0]) and fits(part, arguments[1]) for key, part in value.items())
    if issubclass(origin, Iterable) and isinstance(value, Collection):
        return all(fits(part, arguments[0]) for part in value)
    return True


def _is_a(value: Any, hint: Any) -> bool:
    if getattr(hint, "_is_protocol", False):
        # An interface of the CDK, or one of the library's own; jsii knows those of what it returned by itself.
        own, members = getattr(value, "__dict__", {}), get_protocol_members(hint)
        return type(value).__name__ == "InterfaceDynamicProxy" or all(
            name in own or hasattr(type(value), name) for name in members
        )
    if not isinstance(hint, type):
        return True
    if hint in (int, float):
        # Neither JSON nor jsii, whose process it ends, has a word for what is not finite.
        finite = not isinstance(value, float) or isfinite(value)
        return isinstance(value, int if hint is int else int | float) and not isinstance(value, bool) and finite
    if issubclass(hint, StrEnum) and isinstance(value, str):
        return value in list(hint)
    # A structure of the CDK may be given as a mapping.
    return isinstance(value, hint) or (isinstance(value, Mapping) and hasattr(hint, "__jsii_type__"))


def member_of(value: Any, hint: Any) -> Any:
    """Return a value, or the members of a StrEnum whose words it is or holds."""
    for part in get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,):
        held = (get_args(part) or (None,))[0]
        if _is_words(part) and isinstance(value, str) and value in list(part):
            return part(value)
        if _is_words(held) and type(value) in (list, tuple, set, frozenset):
            return type(value)(member_of(one, held) for one in value)
    return value


def _is_words(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, StrEnum)


def words(hint: Any) -> str:
    """Return what a caller would call a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(words(part) for part in arguments if part is not NoneType))
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if origin is not None and issubclass(origin, Mapping):
        return f"a mapping of {_name(arguments[0])} to {_name(arguments[1])}"
    if origin is not None and issubclass(origin, Iterable):
        return f"a list of {words(arguments[0]).replace('a list', 'lists')}"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return f"one of {', '.join(hint)}"
    return _name(hint)


def _name(hint: Any) -> str:
    return str(getattr(hint, "__name__", None) or hint).replace("typing.", "")


def shown(value: Any) -> str:
    """Return a value as a message names it."""
    if isinstance(value, str | int | float | NoneType):
        text = repr(value)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"a {type(value).__name__}"
