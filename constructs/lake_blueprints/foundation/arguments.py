"""Arguments of constructs, steps and other values, held against the types that their signatures declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache, partial, wraps
from inspect import Parameter, isfunction, signature
from math import isfinite
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, Unpack, get_args, get_origin, get_type_hints

from aws_cdk import Stage, Token
from constructs import Construct

from lake_blueprints.contracts import arguments as contract_arguments
from lake_blueprints.contracts.argument_names import check_names
from lake_blueprints.contracts.argument_types import fits, member_of, shown, words
from lake_blueprints.foundation.argument_fixes import fix_of
from lake_blueprints.foundation.units import Known, Unit, demand_of

_Kind = TypeVar("_Kind", bound=type)
# A type, and what it is annotated with.
_Declared = tuple[Any, Unit | Known | None]
_LIBRARY = "lake_blueprints."
_MARK = "checks_arguments"
# How the CDK writes a list that is known at deployment only: a list of one text that holds this.
_LIST_TOKEN = "#{Token["


def checked(kind: _Kind) -> _Kind:
    """Make a class refuse arguments of another type than its signature declares, at the call.

    Of a construct the methods that an app calls are checked too. jsii and CloudFormation would refuse most of them
    too: later, and in words of their own.

    Example
    -------
        >>> @checked
        ... class Thing(Construct): ...
        >>> @checked
        ... @dataclass(frozen=True, kw_only=True)
        ... class Part: ...
    """
    define: Callable[..., None] = getattr(kind, "__init__")  # noqa: B009  that of the class, not of an object
    setattr(kind, "__init__", _checked(kind, define, kind.__name__))  # noqa: B010  a method is no variable to mypy
    if issubclass(kind, Construct):
        for base in kind.__mro__:
            if base.__module__.startswith(_LIBRARY):
                _check_methods(base)
    return kind


checked_function = partial(contract_arguments.checked_function, error=ValueError)


def check_options(kind: type, define: Callable[..., None], options: Mapping[str, Any]) -> None:
    """Refuse options of another type than declared.

    Raises
    ------
    ValueError
        With the option, what it must be, what was given, and what was probably meant.
    """
    _check_options(_declared(kind, define), options, kind.__name__)


def _check_methods(kind: type) -> None:
    for name, method in list(vars(kind).items()):
        if isfunction(method) and not name.startswith("_") and not hasattr(method, _MARK):
            setattr(kind, name, _checked(None, method, f"{kind.__name__}.{name}"))


def _checked(kind: type | None, called: Callable[..., Any], title: str) -> Callable[..., Any]:
    _, *parameters = signature(called).parameters.values()
    names = [one.name for one in parameters if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    # More than these are given without a name.
    several = any(one.kind is Parameter.VAR_POSITIONAL for one in parameters)

    @wraps(called)
    def check_and_call(self: Any, *arguments: Any, **options: Any) -> Any:
        declared = _declared(kind, called)
        given = {**dict(zip(names, arguments, strict=False)), **options}
        _check_options(declared, given, title)
        check_names(title, called, arguments[: len(names)] if several else arguments, options)
        # The word of a StrEnum is taken for its member, which alone has the attributes that the library asks for.
        members = {name: member_of(value, declared[name][0]) for name, value in options.items() if name in declared}
        return called(self, *arguments, **(options | members))

    setattr(check_and_call, _MARK, True)
    return check_and_call


def _check_options(
    declared: Mapping[str, tuple[Any, Unit | Known | None]], options: Mapping[str, Any], title: str
) -> None:
    for name, value in options.items():
        if name in declared and (problem := _problem(value, *declared[name])):
            raise ValueError(f"'{name}' of {title} must be {problem}")


def _problem(value: Any, hint: Any, demand: Unit | Known | None) -> str | None:
    if not fits(value, hint) and not _is_token(value):
        return f"{words(hint)}, got {shown(value)}{fix_of(value, hint)}"
    if hint is Construct and isinstance(value, Stage):
        return f"in a Stack, got {shown(value)}; define a Stack in that, and give it"
    if isinstance(value, list) and any(isinstance(one, str) and _LIST_TOKEN in one for one in value):
        return (
            f"{words(hint)} of known length, got one that is known at deployment only; give its elements, for instance "
            "[Fn.select(0, …), Fn.select(1, …)]"
        )
    return demand.problem(value) if demand else None


@cache
def _declared(kind: type | None, called: Callable[..., Any]) -> Mapping[str, _Declared]:
    """Return the types of options by name, with what they are annotated with."""
    # The fields of a dataclass may come from another module, in whose names their types are written.
    source = kind if is_dataclass(kind) else called
    plain, annotated = (_hints(source, called, extras=extras) for extras in (False, True))
    return {name: (hint, _demand(annotated[name])) for name, hint in plain.items()}


def _hints(source: Any, called: Callable[..., Any], *, extras: bool) -> dict[str, Any]:
    hints = get_type_hints(source, include_extras=extras)
    # Options are optional by a default of None alone in no signature of the library.
    found = {name: hint for name, hint in hints.items() if name in signature(called).parameters}
    # `**options: Unpack[SinkOptions]` are options by their own names.
    unpacked = [name for name, hint in found.items() if get_origin(hint) is Unpack]
    for name in unpacked:
        (options,) = get_args(found.pop(name))
        found |= get_type_hints(options, include_extras=extras)
    return found


def _demand(hint: Any) -> Unit | Known | None:
    for part in get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,):
        if get_origin(part) is Annotated and (demand := demand_of(part.__metadata__)):
            return demand
    return None


def _is_token(value: Any) -> bool:
    """Tell whether a value is known at deployment only."""
    if isinstance(value, float) and not isfinite(value):
        return False
    if isinstance(value, str | int | float):
        return bool(Token.is_unresolved(value))
    return hasattr(type(value), "creation_stack") and hasattr(type(value), "resolve")
