"""Retriers and Catchers of a definition: what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.engines.step_functions.checks import (
    Check,
    assignments,
    integer,
    number,
    of_type,
    one_of,
    result_path,
    template,
)
from local_cloud.engines.step_functions.errors import ALL

if TYPE_CHECKING:
    from local_cloud.engines.step_functions.definition import Checker

_LONGEST_DELAY = 31_622_399


def _errors(checker: Checker, value: Any, at: str) -> None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        checker.wrong("Expected value of type Array of Strings", at)
    elif not value:
        checker.wrong("Value cannot be empty", at)
    elif ALL in value and len(value) > 1:
        checker.wrong(f"{ALL} must appear alone", at)


_RETRIER: dict[str, Check] = {
    "ErrorEquals": _errors,
    "IntervalSeconds": integer(1),
    "MaxAttempts": integer(0),
    "BackoffRate": number(1, float("inf")),
    "MaxDelaySeconds": integer(1, _LONGEST_DELAY),
    "JitterStrategy": one_of("FULL", "NONE"),
    "Comment": of_type("string"),
}
_CATCHER: dict[str, Check] = {
    "ErrorEquals": _errors,
    "Next": of_type("string"),
    "Assign": assignments,
    "Comment": of_type("string"),
}


def check_retriers(checker: Checker, retriers: Any, at: str) -> None:
    for index, retrier in _listed(checker, retriers, at):
        where = f"{at}[{index}]"
        checker.required(retrier, ["ErrorEquals"], where)
        checker.fields(retrier, _RETRIER, where, frozenset())
        longest, first = retrier.get("MaxDelaySeconds"), retrier.get("IntervalSeconds", 1)
        if isinstance(longest, int) and isinstance(first, int) and longest <= first:
            checker.wrong("MaxDelaySeconds must be greater than IntervalSeconds", f"{where}/MaxDelaySeconds")


def check_catchers(checker: Checker, catchers: Any, at: str) -> None:
    own: dict[str, Check] = {"Output": template} if checker.is_jsonata else {"ResultPath": result_path}
    for index, catcher in _listed(checker, catchers, at):
        where = f"{at}[{index}]"
        checker.required(catcher, ["ErrorEquals", "Next"], where)
        checker.fields(catcher, {**_CATCHER, **own}, where, frozenset())


def _listed(checker: Checker, handlers: Any, at: str) -> list[tuple[int, dict[str, Any]]]:
    if not isinstance(handlers, list) or not all(isinstance(handler, dict) for handler in handlers):
        checker.wrong("Expected value of type Array of Objects", at)
        return []
    for index, handler in enumerate(handlers[:-1]):
        if handler.get("ErrorEquals") == [ALL]:
            checker.wrong(f"{ALL} must be in the last of them", f"{at}[{index}]/ErrorEquals")
    return list(enumerate(handlers))
