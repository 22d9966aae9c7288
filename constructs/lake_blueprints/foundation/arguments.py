"""Arguments of constructs, steps and other values, held against the types that their signatures declare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import is_dataclass
from enum import StrEnum
from functools import cache, wraps
from inspect import signature
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from aws_cdk import Duration, Token
from aws_cdk import aws_events as events
from jsii._reference_map import InterfaceDynamicProxy
from typing_extensions import get_protocol_members

_Kind = TypeVar("_Kind", bound=type)
_SHOWN = 60


def checked(kind: _Kind) -> _Kind:
    """Make a class refuse arguments of another type than its signature declares, at the call.

    jsii and CloudFormation would refuse most of them too: later, and in words of their own.

    Example
    -------
        >>> @checked
        ... class Thing(Construct): ...
        >>> @checked
        ... @dataclass(frozen=True, kw_only=True)
        ... class Part: ...
    """
    define: Callable[..., None] = getattr(kind, "__init__")  # noqa: B009  that of the class, not of an object
    _, *names = signature(define).parameters

    @wraps(define)
    def check_and_define(self: Any, *arguments: Any, **options: Any) -> None:
        check_options(kind, define, {**dict(zip(names, arguments, strict=False)), **options})
        define(self, *arguments, **options)

    setattr(kind, "__init__", check_and_define)  # noqa: B010  a method is no variable to mypy
    return kind


def check_options(kind: type, define: Callable[..., None], options: Mapping[str, Any]) -> None:
    """Refuse options of another type than declared.

    Raises
    ------
    ValueError
        With the option, what it must be, what was given, and what was probably meant.
    """
    hints = _hints(kind, define)
    for name, value in options.items():
        if name in hints and not _fits(value, hints[name]) and not _is_token(value):
            got = f"{_shown(value)}{_fix(value, hints[name])}"
            raise ValueError(f"'{name}' of {kind.__name__} must be {_words(hints[name])}, got {got}")


@cache
def _hints(kind: type, define: Callable[..., None]) -> dict[str, Any]:
    # The fields of a dataclass may come from another module, in whose names their types are written.
    hints = get_type_hints(kind if is_dataclass(kind) else define)
    # Options are optional by a default of None alone in no signature of the library.
    return {name: hint for name, hint in hints.items() if name in signature(define).parameters}


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in (Any, object) or isinstance(hint, TypeVar):
        return True
    if hint in (None, NoneType):
        return value is None
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in arguments)
    if origin is Literal:
        return value in arguments
    if origin is not None:
        return _fits_parts(value, origin, arguments)
    return _is_a(value, hint)


def _is_token(value: Any) -> bool:
    """Tell whether a value is known at deployment only."""
    if isinstance(value, str | int | float):
        return bool(Token.is_unresolved(value))
    return hasattr(type(value), "creation_stack") and hasattr(type(value), "resolve")


def _fits_parts(value: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:
    if origin is type:
        return isinstance(value, type)
    if isinstance(value, str | bytes) or not isinstance(value, origin):
        return False
    if issubclass(origin, Mapping):
        return all(_fits(key, arguments[0]) and _fits(part, arguments[1]) for key, part in value.items())
    if issubclass(origin, Iterable) and isinstance(value, Collection):
        return all(_fits(part, arguments[0]) for part in value)
    return True


def _is_a(value: Any, hint: Any) -> bool:
    if getattr(hint, "_is_protocol", False):
        # An interface of the CDK, or one of the library's own.
        own, members = getattr(value, "__dict__", {}), get_protocol_members(hint)
        return isinstance(value, InterfaceDynamicProxy) or all(
            name in own or hasattr(type(value), name) for name in members
        )
    if not isinstance(hint, type):
        return True
    if hint in (int, float):
        return isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
    if issubclass(hint, StrEnum) and isinstance(value, str):
        return value in list(hint)
    # A structure of the CDK may be given as a mapping.
    return isinstance(value, hint) or (isinstance(value, Mapping) and hasattr(hint, "__jsii_type__"))


def _words(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(_words(part) for part in arguments if part is not NoneType))
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if origin is not None and issubclass(origin, Mapping):
        return f"a mapping of {_name(arguments[0])} to {_name(arguments[1])}"
    if origin is not None and issubclass(origin, Iterable):
        return f"a list of {_words(arguments[0]).replace('a list', 'lists')}"
    return _name(hint)


def _name(hint: Any) -> str:
    return str(getattr(hint, "__name__", None) or hint).replace("typing.", "")


def _shown(value: Any) -> str:
    if isinstance(value, str | int | float | NoneType):
        text = repr(value)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"a {type(value).__name__}"


def _fix(value: Any, hint: Any) -> str:
    """Return how the value that was meant is got from the one that was given, as far as that can be told."""
    united = get_origin(hint) in (Union, UnionType)
    parts = [part for part in get_args(hint) if part is not NoneType] if united else [hint]
    if isinstance(value, str) and events.Schedule in parts:
        return f"; give events.Schedule.expression({value!r})"
    if isinstance(value, int | float) and Duration in parts:
        return f"; give for instance Duration.seconds({value!r})"
    if any(get_origin(part) is not None and _fits([value], part) for part in parts):
        return "; put it into a list"
    named: Any = getattr(value, "__dict__", None) or getattr(type(value), "__slots__", ())
    held = {name: getattr(value, name, None) for name in named if not name.startswith("_") and name != "node"}
    found = next((name for name, part in held.items() if part and _fits(part, hint)), None)
    return f"; give its '{found}'" if found else ""
