"""Rules of the Data Quality Definition Language, as they are evaluated here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from local_cloud.errors import LocalCloudError


@dataclass(frozen=True)
class Keyword:
    """NULL, EMPTY or WHITESPACES_ONLY."""

    name: str


Operand = float | str | Keyword


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Condition on a measured value, or on each value of a column.

    Parameters
    ----------
    operator: str
        One of `=`, `!=`, `>`, `>=`, `<`, `<=`, `between`, `in`, `matches`.
    operands: tuple of Operand
        What it is compared with.
    negated: bool
        Whether `not` stands before it.
    """

    operator: str
    operands: tuple[Operand, ...]
    negated: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether a number meets the condition; the bounds of `between` are outside, as Glue has it."""
        numbers = [operand for operand in self.operands if isinstance(operand, float)]
        if len(numbers) != len(self.operands) or self.operator == "matches":
            raise LocalCloudError(f"a number cannot be compared by '{self.operator}' with {self.operands}")
        match self.operator:
            case "between":
                found = numbers[0] < value < numbers[1]
            case "in":
                found = value in numbers
            case "=":
                found = value == numbers[0]
            case "!=":
                found = value != numbers[0]
            case ">":
                found = value > numbers[0]
            case ">=":
                found = value >= numbers[0]
            case "<":
                found = value < numbers[0]
            case _:
                found = value <= numbers[0]
        return found != self.negated


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of one type.

    Parameters
    ----------
    kind: str
        Its type, for instance `IsComplete`.
    parameters: tuple of str
        Columns, a statement, or what else the type takes.
    condition: Condition, optional
        What follows the parameters.
    where: str, optional
        SQL condition of the rows that it is about.
    threshold: Condition, optional
        Share of the rows that must meet the condition.
    text: str
        As it stands in the ruleset.
    labels: mapping
        As given after the rule.
    """

    kind: str
    parameters: tuple[str, ...] = ()
    condition: Condition | None = None
    where: str | None = None
    threshold: Condition | None = None
    text: str = ""
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Composite:
    """Several rules of which all (`and`) or one (`or`) must hold."""

    joined_by: Literal["and", "or"]
    rules: tuple[AnyRule, ...]
    text: str = ""
    labels: dict[str, str] = field(default_factory=dict)


AnyRule = Rule | Composite
