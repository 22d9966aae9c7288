"""The data flow of a state, in either query language: from its input to its arguments, output and variables.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html,
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from local_cloud.engines.step_functions.errors import StateError
from local_cloud.engines.step_functions.scope import Scope

Body = dict[str, Any]


class Flow(ABC):
    """The fields of a state as one query language reads them.

    Parameters
    ----------
    scope: Scope
        Where the state runs.
    body: dict[str, Any]
        Definition of the state.
    raw: Any
        The state's input.
    """

    def __init__(self, scope: Scope, body: Body, raw: Any) -> None:
        self.scope = scope
        self.body = body
        self.raw = raw

    @property
    @abstractmethod
    def input(self) -> Any:
        """The data on which the state works, before `Parameters` or `Arguments`."""

    @abstractmethod
    def arguments(self, body: Body | None = None) -> Any:
        """Return `Parameters` or `Arguments` of the state, or of a part such as its ItemReader; else its input."""

    @abstractmethod
    def value(self, field: str, body: Body | None = None) -> Any:
        """Return a field that is a literal or taken from the data; None without it."""

    @abstractmethod
    def fill(self, template: Any, field: str, data: Any = None) -> Any:
        """Evaluate every expression in a template."""

    @abstractmethod
    def finish(self, result: Any) -> Any:
        """Return the output that follows from the result of the work; assign variables."""

    @abstractmethod
    def pass_through(self, rule: Body | None = None) -> Any:
        """Return the output of a state that has no result; assign variables.

        A rule of a Choice state brings its own `Assign` and `Output`.
        """

    @abstractmethod
    def caught(self, catcher: Body, error: StateError) -> Any:
        """Return what the state of a Catcher receives; assign the Catcher's variables."""

    @abstractmethod
    def invalid(self, field: str, value: Any, wanted: str, cause: str = "", body: Body | None = None) -> StateError:
        """Return the error of a field whose value cannot be used."""

    def integer(self, field: str, *, body: Body | None = None, least: int = 0, most: int | None = None) -> int | None:
        """Return a field that is an integer.

        Raises
        ------
        StateError
            If its value is none, or beyond its limits.
        """
        value = self.value(field, body)
        if value is None:
            return None
        value = _whole(value, numerals=f"{field}Path" in (self.body if body is None else body))
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.invalid(field, value, "integer", body=body)
        if value < least or (most is not None and value > most):
            limits = f"at least {least}" if most is None else f"from {least} to {most}"
            raise self.invalid(field, value, "integer", f"{field} must be {limits}, got {value}")
        return value

    def text(self, field: str, body: Body | None = None) -> str | None:
        """Return a field that is a string."""
        value = self.value(field, body)
        if value is not None and not isinstance(value, str):
            raise self.invalid(field, value, "string", body=body)
        return value


def _whole(value: Any, *, numerals: bool) -> Any:
    if numerals and isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value
