"""A bound on how deep a template may be nested: what reads it goes down level by level."""

from __future__ import annotations

from typing import Any, Final

# A state machine of ten branches inside one another has some 60 levels.
_DEEPEST = 200
TOO_DEEP: Final = f"is nested more than {_DEEPEST} levels deep; flatten it"


def refuse_deep(document: Any) -> None:
    """Refuse a document that is nested too deep.

    Raises
    ------
    ValueError
        If it has more than 200 levels.
    """
    level = [document]
    for _ in range(_DEEPEST):
        level = [part for item in level for part in _parts(item)]
        if not level:
            return
    raise ValueError(TOO_DEEP)


def _parts(item: Any) -> list[Any]:
    found = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [part for part in found if isinstance(part, dict | list)]
