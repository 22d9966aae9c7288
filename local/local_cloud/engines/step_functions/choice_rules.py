"""Choice Rules of a definition: what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.engines.step_functions.checks import (
    Check,
    assignments,
    of_type,
    path,
    template,
    timestamp,
)
from local_cloud.engines.step_functions.choice import COMPARISONS, LOGICAL, OPERATORS, TYPE_TESTS

if TYPE_CHECKING:
    from local_cloud.engines.step_functions.definition import Checker

_OPERANDS: dict[str, Check] = {
    "Boolean": of_type("boolean"),
    "Numeric": of_type("number"),
    "String": of_type("string"),
    "Timestamp": timestamp,
}
_RULE: dict[str, Check] = {"Next": of_type("string"), "Comment": of_type("string"), "Assign": assignments}


def check_choices(checker: Checker, choices: Any, at: str) -> None:
    if not isinstance(choices, list):
        checker.wrong("Expected value of type Array", at)
    elif not choices:
        checker.wrong("Value cannot be empty", at)
    else:
        for index, rule in enumerate(choices):
            _check_rule(checker, rule, f"{at}[{index}]")


def _check_rule(checker: Checker, rule: Any, at: str) -> None:
    if not isinstance(rule, dict):
        checker.wrong("Expected value of type Object", at)
        return
    if checker.is_jsonata:
        checker.required(rule, ["Condition", "Next"], at)
        checker.fields(rule, {**_RULE, "Condition": _condition, "Output": template}, at, frozenset())
        return
    checker.required(rule, ["Next"], at)
    outer = {name: value for name, value in rule.items() if name in _RULE}
    checker.fields(outer, _RULE, at, frozenset())
    _check_test(checker, {name: value for name, value in rule.items() if name not in _RULE}, at)


def _condition(checker: Checker, value: Any, at: str) -> None:
    if not isinstance(value, bool) and not checker.is_expression(value, at):
        checker.wrong("Expected value of type Boolean or a JSONata expression", at)


def _check_test(checker: Checker, test: Any, at: str) -> None:
    """Check a comparison, or a combination of them."""
    if not isinstance(test, dict):
        checker.wrong("Expected value of type Object", at)
        return
    operators = [name for name in test if name in OPERATORS | LOGICAL]
    if len(operators) != 1:
        checker.wrong("Exactly one comparison operator is required", at)
        return
    name, value, where = operators[0], test[operators[0]], f"{at}/{operators[0]}"
    beside = {"Comment"} if name in LOGICAL else {"Variable", "Comment"}
    for other in test.keys() - {name} - beside:
        checker.wrong("Field is not supported", f"{at}/{other}")
    if name == "Not":
        _check_test(checker, value, where)
    elif name in LOGICAL:
        _check_tests(checker, value, where)
    elif checker.required(test, ["Variable"], at):
        path(checker, test["Variable"], f"{at}/Variable")
        _operand(name)(checker, value, where)


def _check_tests(checker: Checker, tests: Any, at: str) -> None:
    if not isinstance(tests, list) or not tests:
        checker.wrong("Value cannot be empty", at)
        return
    for index, each in enumerate(tests):
        _check_test(checker, each, f"{at}[{index}]")


def _operand(name: str) -> Check:
    if name in TYPE_TESTS:
        return of_type("boolean")
    if name == "StringMatches":
        return of_type("string")
    return _OPERANDS[COMPARISONS[name][0]] if name in COMPARISONS else path
