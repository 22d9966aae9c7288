"""Facts about a template or a resource, found out once: rules ask for them once for each resource of an app."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

Found = TypeVar("Found")


class HasFacts(Protocol):
    """Templates and resources, which keep the facts about themselves."""

    @property
    def facts(self) -> dict[Any, Any]: ...


Subject = TypeVar("Subject", bound=HasFacts)


def once(function: Callable[[Subject], Found]) -> Callable[[Subject], Found]:
    """Remember what a function finds out about a template or a resource, as neither changes."""

    @wraps(function)
    def remembered(subject: Subject) -> Found:
        if function not in subject.facts:
            subject.facts[function] = function(subject)
        found: Found = subject.facts[function]
        return found

    return remembered
