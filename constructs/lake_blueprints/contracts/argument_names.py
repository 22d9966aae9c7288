"""Names of options, held against those that a signature has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from functools import cache
from inspect import Parameter, signature
from typing import Any

from lake_blueprints.contracts.argument_types import shown


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
