"""Arguments of constructs, steps and other values, held against the types that their signatures declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache, wraps
from inspect import signature
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, Unpack, get_args, get_origin, get_type_hints

from aws_cdk import Duration, Token
from aws_cdk import aws_events as events

from lake_blueprints.contracts.arguments import fits, shown, words

_Kind = TypeVar("_Kind", bound=type)


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
        if name in hints and not fits(value, hints[name]) and not _is_token(value):
            got = f"{shown(value)}{_fix(value, hints[name])}"
            raise ValueError(f"'{name}' of {kind.__name__} must be {words(hints[name])}, got {got}")


@cache
def _hints(kind: type, define: Callable[..., None]) -> dict[str, Any]:
    # The fields of a dataclass may come from another module, in whose names their types are written.
    hints = get_type_hints(kind if is_dataclass(kind) else define)
    # Options are optional by a default of None alone in no signature of the library.
    found = {name: hint for name, hint in hints.items() if name in signature(define).parameters}
    # `**options: Unpack[SinkOptions]` are options by their own names.
    unpacked = [name for name, hint in found.items() if get_origin(hint) is Unpack]
    for name in unpacked:
        (options,) = get_args(found.pop(name))
        found |= get_type_hints(options)
    return found


def _is_token(value: Any) -> bool:
    """Tell whether a value is known at deployment only."""
    if isinstance(value, str | int | float):
        return bool(Token.is_unresolved(value))
    return hasattr(type(value), "creation_stack") and hasattr(type(value), "resolve")


def _fix(value: Any, hint: Any) -> str:
    """Return how the value that was meant is got from the one that was given, as far as that can be told."""
    united = get_origin(hint) in (Union, UnionType)
    parts = [part for part in get_args(hint) if part is not NoneType] if united else [hint]
    if isinstance(value, str) and events.Schedule in parts:
        return f"; give events.Schedule.expression({value!r})"
    if isinstance(value, int | float) and Duration in parts:
        return f"; give for instance Duration.seconds({value!r})"
    if any(get_origin(part) is not None and fits([value], part) for part in parts):
        return "; put it into a list"
    named: Any = getattr(value, "__dict__", None) or getattr(type(value), "__slots__", ())
    held = {name: getattr(value, name, None) for name in named if not name.startswith("_") and name != "node"}
    found = next((name for name, part in held.items() if part and fits(part, hint)), None)
    return f"; give its '{found}'" if found else ""
