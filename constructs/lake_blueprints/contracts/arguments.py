"""Arguments of contracts made in Python, held against the types that their classes declare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from functools import cache, reduce, wraps
from inspect import Parameter, signature
from math import isfinite
from operator import or_
from types import GenericAlias, NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from typing_extensions import get_protocol_members

from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.types import DataType

_Kind = TypeVar("_Kind", bound=type)
_Function = TypeVar("_Function", bound=Callable[..., Any])
_SHOWN = 60


def checked(kind: _Kind) -> _Kind:
    """Make a class of attrs refuse arguments of another type than it declares, at the call.

    Sequences may be given as any iterable but a text, and types of the lake as text.
    """
    define: Callable[..., None] = getattr(kind, "__init__")  # noqa: B009  that of the class, not of an object

    @wraps(define)
    def check_and_define(self: Any, *arguments: Any, **options: Any) -> None:
        hints = _hints(kind)
        for name, value in options.items():
            if name in hints and not fits(value, hints[name]):
                raise ContractError(f"'{name}' of {kind.__name__} must be {words(hints[name])}, got {shown(value)}")
        check_names(kind.__name__, define, arguments, options, error=ContractError)
        define(self, **options)

    setattr(kind, "__init__", check_and_define)  # noqa: B010  a method is no variable to mypy
    return kind


def check_names(
    title: str,
    define: Callable[..., None],
    arguments: Sequence[Any],
    options: Collection[str],
    error: type[ValueError] = ValueError,
) -> None:
    """Refuse options that a class or method does not have, lacks, or takes by name only.

    Raises
    ------
    ValueError
        With the option, and those that there are.
    """
    by_position, options_of, needed, others = _names(define)
    if len(arguments) > len(by_position):
        wanted = ", ".join(f"{name}=…" for name in options_of) or "nothing more"
        raise error(
            f"{title} takes {wanted} by name, got {shown(arguments[len(by_position)])} without one; write the "
            "name of the option before it"
        )
    known = (*by_position, *options_of)
    for name in options:
        if name not in known and not others:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(known) or 'none'}"
            raise error(f"{title} has no option '{name}'; {hint}")
    given = {*by_position[: len(arguments)], *options}
    if missing := [name for name in needed if name not in given]:
        names = " and ".join(f"'{name}'" for name in missing)
        raise error(f"{title} needs {names}; give {', '.join(f'{name}=…' for name in missing)}")


@cache
def _names(define: Callable[..., None]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], bool]:
    """Return names: that may be given by position, by name only, without a default; and whether any other may be."""
    parameters = [one for one in signature(define).parameters.values() if one.name not in ("self", "cls")]
    named = [one for one in parameters if one.kind is not Parameter.VAR_KEYWORD]
    return (
        tuple(one.name for one in named if one.kind is not Parameter.KEYWORD_ONLY),
        tuple(one.name for one in named if one.kind is Parameter.KEYWORD_ONLY),
        tuple(one.name for one in named if one.default is Parameter.empty),
        len(named) < len(parameters),
    )


def checked_function(function: _Function, error: type[ValueError] = ContractError) -> _Function:
    """Make a function that an app calls refuse arguments of another type than its signature declares.

    Below `@classmethod`, the class is left alone.
    """
    names = list(signature(function).parameters)
    bound = int(names[:1] == ["cls"])

    @wraps(function)
    def check_and_call(*arguments: Any, **options: Any) -> Any:
        hints = _hints_of(function)
        for name, value in {**dict(zip(names, arguments, strict=False)), **options}.items():
            if name in hints and not fits(value, hints[name]):
                raise error(f"'{name}' of {function.__qualname__} must be {words(hints[name])}, got {shown(value)}")
        check_names(function.__qualname__, function, arguments[bound:], options, error)
        return function(*arguments, **options)

    return cast(_Function, check_and_call)


@cache
def _hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = {}
    for name, hint in get_type_hints(kind).items():
        united = get_origin(hint) in (Union, UnionType)
        parts = [_given_as(part) for part in (get_args(hint) if united else (hint,))]
        hints[name] = reduce(or_, parts)
    return hints


def _given_as(hint: Any) -> Any:
    if hint is DataType:
        return DataType | str
    return GenericAlias(Iterable, get_args(hint)[:1]) if get_origin(hint) is tuple else hint


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
