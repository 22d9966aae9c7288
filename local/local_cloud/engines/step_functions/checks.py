"""Checks of a field of the States Language: the JSON types, paths, templates and names that it may hold.

https://states-language.net/spec.html, https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html

Above 200 lines: a check for each type of field.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local_cloud.engines.step_functions import intrinsic_calls, jsonata, paths
from local_cloud.engines.step_functions.json_text import kind_of
from local_cloud.engines.step_functions.timestamps import timestamp_of

if TYPE_CHECKING:
    from local_cloud.engines.step_functions.definition import Checker

# Checks a value at a location.
Check = Callable[["Checker", Any, str], None]

_VARIABLE = re.compile(r"[^\W\d]\w*")
_LONGEST_VARIABLE = 80
_LONGEST_SECONDS = 99_999_999


def anything(_: Checker, _value: Any, _at: str) -> None:
    """Take any JSON."""


def of_type(*kinds: str) -> Check:
    """Return a check of the JSON type."""

    def check(checker: Checker, value: Any, at: str) -> None:
        if kind_of(value) not in kinds:
            checker.wrong(f"Expected value of type {' or '.join(kind.capitalize() for kind in kinds)}", at)

    return check


def one_of(*values: str) -> Check:
    """Return a check for one of several words."""

    def check(checker: Checker, value: Any, at: str) -> None:
        if value not in values:
            name = at.rpartition("/")[2]
            checker.wrong(f"The field '{name}' should have one of these values: [{', '.join(values)}]", at)

    return check


def integer(least: int = 0, most: int = _LONGEST_SECONDS) -> Check:
    """Return a check for an integer, or in JSONata an expression."""

    def check(checker: Checker, value: Any, at: str) -> None:
        if checker.is_expression(value, at):
            return
        if not isinstance(value, int) or isinstance(value, bool):
            checker.wrong("Expected value of type Integer", at)
        elif not least <= value <= most:
            checker.wrong(f"Value must be from {least} to {most}", at)

    return check


def number(least: float, most: float) -> Check:
    """Return a check for a number, or in JSONata an expression."""

    def check(checker: Checker, value: Any, at: str) -> None:
        if checker.is_expression(value, at):
            return
        if kind_of(value) != "number":
            checker.wrong("Expected value of type Number", at)
        elif not least <= value <= most:
            checker.wrong(f"Value must be from {least} to {most}", at)

    return check


def true(checker: Checker, value: Any, at: str) -> None:
    if value is not True:
        checker.wrong("Value must be true", at)


def timestamp(checker: Checker, value: Any, at: str) -> None:
    if not checker.is_expression(value, at) and timestamp_of(value) is None:
        checker.wrong("String does not match RFC3339 timestamp", at)


def path(checker: Checker, value: Any, at: str) -> None:
    if not _is_path(value):
        checker.wrong("Value is not a Path", at)


def path_or_call(checker: Checker, value: Any, at: str) -> None:
    """Check a JSONPath or an intrinsic function."""
    if not _is_path(value, calls=True):
        checker.wrong("Value is not a Path or an intrinsic function", at)


def optional_path(checker: Checker, value: Any, at: str) -> None:
    if value is not None:
        path(checker, value, at)


def reference(checker: Checker, value: Any, at: str) -> None:
    if not _is_path(value) or not paths.parse(value).is_reference:
        checker.wrong("Value is not a Reference Path", at)


def result_path(checker: Checker, value: Any, at: str) -> None:
    if value is None:
        return
    reference(checker, value, at)
    if isinstance(value, str) and _is_path(value) and paths.parse(value).root != "$":
        checker.wrong("Value is not a Reference Path: it cannot begin with $$ or a variable", at)


def text_or_expression(checker: Checker, value: Any, at: str) -> None:
    if not checker.is_expression(value, at):
        of_type("string")(checker, value, at)


def _is_path(value: Any, *, calls: bool = False) -> bool:
    if not isinstance(value, str):
        return False
    try:
        if calls and intrinsic_calls.is_call(value):
            intrinsic_calls.parse(value)
        else:
            return paths.parse(value).root != "@"
    except (ValueError, re.error):
        return False
    return True


def template(checker: Checker, value: Any, at: str) -> None:
    """Check every expression in a payload template."""
    if checker.is_jsonata:
        _jsonata_template(checker, value, at)
    else:
        _jsonpath_template(checker, value, at)


def _jsonpath_template(checker: Checker, value: Any, at: str) -> None:
    if isinstance(value, list):
        for each in value:
            _jsonpath_template(checker, each, at)
    elif isinstance(value, dict):
        for key, each in value.items():
            if not key.endswith(".$"):
                _jsonpath_template(checker, each, f"{at}/{key}")
            elif not _is_path(each, calls=True):
                checker.wrong(
                    f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call", at
                )
            elif key.removesuffix(".$") in value:
                checker.wrong(f"The field '{key.removesuffix('.$')}' is there twice", at)


def _jsonata_template(checker: Checker, value: Any, at: str) -> None:
    if isinstance(value, list):
        for index, each in enumerate(value):
            _jsonata_template(checker, each, f"{at}[{index}]")
    elif isinstance(value, dict):
        for key, each in value.items():
            _jsonata_template(checker, each, f"{at}/{key}")
    elif isinstance(value, str) and (expression := jsonata.expression_of(value)) is not None:
        try:
            jsonata.check(expression)
        except jsonata.QueryError as error:
            checker.wrong(f"The JSONata expression '{expression}' is invalid: {error}", at)


def object_template(checker: Checker, value: Any, at: str) -> None:
    """Check a template that is an object, or in JSONata an expression."""
    if not checker.is_expression(value, at):
        of_type("object")(checker, value, at)
    template(checker, value, at)


def payload(checker: Checker, value: Any, at: str) -> None:
    """Check `Parameters`, which may be any JSON, or `Arguments`."""
    template(checker, value, at)


def array_template(checker: Checker, value: Any, at: str) -> None:
    if not checker.is_expression(value, at):
        of_type("array")(checker, value, at)
    template(checker, value, at)


def assignments(checker: Checker, value: Any, at: str) -> None:
    of_type("object")(checker, value, at)
    for key in value if isinstance(value, dict) else ():
        name = key if checker.is_jsonata else key.removesuffix(".$")
        if not _VARIABLE.fullmatch(name) or len(name) > _LONGEST_VARIABLE or name == "states":
            checker.wrong(f"'{name}' is not a name of a variable", at)
        elif name in checker.outer_variables:
            checker.wrong(f"The variable '{name}' is assigned in an outer scope", at)
    template(checker, value, at)
