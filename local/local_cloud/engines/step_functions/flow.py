"""The data flow of a state, in either query language: from its input to its arguments, output and variables.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html,
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from local_cloud.engines.step_functions import intrinsics, jsonata, paths
from local_cloud.engines.step_functions.errors import QUERY_EVALUATION, RESULT_PATH_MATCH, RUNTIME, StateError
from local_cloud.engines.step_functions.json_text import compact, kind_of
from local_cloud.engines.step_functions.paths import NothingFoundError
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


class JsonPathFlow(Flow):
    """InputPath, Parameters, ResultSelector, ResultPath, OutputPath."""

    _input: Any = None
    _has_input = False

    @property
    def input(self) -> Any:
        if not self._has_input:
            self._input, self._has_input = self._selected("InputPath", self.raw), True
        return self._input

    def arguments(self, body: Body | None = None) -> Any:
        template = (self.body if body is None else body).get("Parameters")
        return self.input if template is None else self.fill(template, "Parameters", self.input)

    def value(self, field: str, body: Body | None = None) -> Any:
        body = self.body if body is None else body
        if field in body:
            return body[field]
        return self.expression(f"{field}Path", body[f"{field}Path"], self.input) if f"{field}Path" in body else None

    def fill(self, template: Any, field: str, data: Any = None) -> Any:
        if isinstance(template, list):
            return [self.fill(each, field, data) for each in template]
        if not isinstance(template, dict):
            return template
        return {
            key.removesuffix(".$"): self.expression(key, value, data)
            if key.endswith(".$")
            else self.fill(value, field, data)
            for key, value in template.items()
        }

    def expression(self, field: str, text: str, data: Any) -> Any:
        """Return the value of a path or an intrinsic function."""
        if intrinsics.is_call(text):
            return intrinsics.evaluate(intrinsics.parse(text), lambda path: self._find(field, path, data))
        return self._find(field, paths.parse(text), data)

    def finish(self, result: Any) -> Any:
        assigned = self._assigned(self.body, result)
        if "ResultSelector" in self.body:
            result = self.fill(self.body["ResultSelector"], "ResultSelector", result)
        output = self._selected("OutputPath", self._merged(self.body, result))
        self.scope.variables.assign(assigned)
        return output

    def pass_through(self, rule: Body | None = None) -> Any:
        assigned = self._assigned(self.body if rule is None else rule, self.input)
        output = self._selected("OutputPath", self.input)
        self.scope.variables.assign(assigned)
        return output

    def caught(self, catcher: Body, error: StateError) -> Any:
        self.scope.variables.assign(self._assigned(catcher, error.output))
        return self._merged(catcher, error.output)

    def invalid(self, field: str, value: Any, wanted: str, cause: str = "", body: Body | None = None) -> StateError:
        shown = value if isinstance(value, str) else compact(value)
        path = (self.body if body is None else body).get(f"{field}Path", "")
        return StateError(
            RUNTIME, cause or f'The {field}Path field refers to value "{shown}" which is not a valid {wanted}: {path}'
        )

    def document(self, path: paths.Path, data: Any) -> Any:
        """Return what a path begins at."""
        if path.root == "$$":
            return self.scope.context
        if path.variable is None:
            return data
        variables = self.scope.variables.visible
        if path.variable not in variables:
            raise StateError(RUNTIME, f"The variable '${path.variable}' has no value")
        return variables[path.variable]

    def _find(self, field: str, path: paths.Path, data: Any) -> Any:
        document = self.document(path, data)
        try:
            return path.find(document)
        except NothingFoundError:
            raise StateError(
                RUNTIME,
                f"The JSONPath '{path.text}' specified for the field '{field}' could not be found in the input "
                f"'{compact(document)}'",
            ) from None

    def _selected(self, field: str, data: Any) -> Any:
        text = self.body.get(field, "$")
        if text is None:
            return {}
        if intrinsics.is_call(text):
            return self.expression(field, text, data)
        path = paths.parse(text)
        try:
            return path.find(self.document(path, data))
        except NothingFoundError as error:
            raise StateError(RUNTIME, f"Invalid path '{text}' : {error}") from None

    def _merged(self, body: Body, result: Any) -> Any:
        text = body.get("ResultPath", "$")
        if text is None:
            return self.raw
        try:
            return paths.put(self.raw, paths.parse(text), result)
        except NothingFoundError:
            raise StateError(RESULT_PATH_MATCH, f'Unable to apply step "{text}" to input {compact(self.raw)}') from None

    def _assigned(self, body: Body, data: Any) -> dict[str, Any]:
        assigned: dict[str, Any] = self.fill(body.get("Assign", {}), "Assign", data)
        return assigned


class JsonataFlow(Flow):
    """Arguments, Assign and Output."""

    def __init__(self, scope: Scope, body: Body, raw: Any) -> None:
        super().__init__(scope, body, raw)
        self._states: dict[str, Any] = {"input": raw, "context": scope.context}

    @property
    def input(self) -> Any:
        return self.raw

    def arguments(self, body: Body | None = None) -> Any:
        template = (self.body if body is None else body).get("Arguments")
        return self.raw if template is None else self.fill(template, "Arguments")

    def value(self, field: str, body: Body | None = None) -> Any:
        body = self.body if body is None else body
        return self.fill(body[field], field) if field in body else None

    def fill(self, template: Any, field: str, data: Any = None) -> Any:
        if isinstance(template, list):
            return [self.fill(each, f"{field}[{at}]") for at, each in enumerate(template)]
        if isinstance(template, dict):
            return {key: self.fill(value, f"{field}/{key}") for key, value in template.items()}
        if not isinstance(template, str) or (expression := jsonata.expression_of(template)) is None:
            return template
        bindings = {**self.scope.variables.visible, "states": {**self._states, "context": self.scope.context}}
        try:
            return jsonata.evaluate(expression, bindings)
        except jsonata.QueryError as error:
            raise StateError(
                QUERY_EVALUATION,
                f"The JSONata expression '{expression}' specified for the field '{field}' {error}",
                location=field,
            ) from None

    def finish(self, result: Any) -> Any:
        self._states["result"] = result
        return self._ended(self.body, result)

    def pass_through(self, rule: Body | None = None) -> Any:
        return self._ended(self.body if rule is None else rule, self.raw)

    def caught(self, catcher: Body, error: StateError) -> Any:
        self._states.pop("result", None)
        self._states["errorOutput"] = error.output
        return self._ended(catcher, error.output)

    def invalid(self, field: str, value: Any, wanted: str, cause: str = "", body: Body | None = None) -> StateError:
        template = (self.body if body is None else body).get(field)
        expression = jsonata.expression_of(template) if isinstance(template, str) else None
        cause = cause or (
            f"The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected result "
            f"type. Expected '{wanted}', but was '{kind_of(value)}' for value: {compact(value)}"
        )
        return StateError(QUERY_EVALUATION, cause, location=field)

    def _ended(self, body: Body, default: Any) -> Any:
        # Both see the variables as they were.
        assigned = self.fill(body["Assign"], "Assign") if "Assign" in body else {}
        output = self.fill(body["Output"], "Output") if "Output" in body else default
        self.scope.variables.assign(assigned)
        return output


_FLOWS: dict[str, Callable[[Scope, Body, Any], Flow]] = {"JSONPath": JsonPathFlow, "JSONata": JsonataFlow}


def flow_of(scope: Scope, body: Body, raw: Any) -> Flow:
    """Return the data flow of a state, in its query language."""
    return _FLOWS[body.get("QueryLanguage", scope.query_language)](scope, body, raw)
