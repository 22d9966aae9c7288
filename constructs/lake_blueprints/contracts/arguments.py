"""Arguments of contracts made in Python, held against the types that their classes declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, reduce, wraps
from inspect import signature
from operator import or_
from types import GenericAlias, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from lake_blueprints.contracts.argument_names import check_names
from lake_blueprints.contracts.argument_types import fits, shown, words
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.types import DataType

_Kind = TypeVar("_Kind", bound=type)
_Function = TypeVar("_Function", bound=Callable[..., Any])


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
