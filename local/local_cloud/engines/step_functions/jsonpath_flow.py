"""The data flow of states that use JSONPath: InputPath, Parameters, ResultSelector, ResultPath, OutputPath."""

from __future__ import annotations

from typing import Any

from local_cloud.engines.step_functions import intrinsic_calls, intrinsics, paths
from local_cloud.engines.step_functions.errors import RESULT_PATH_MATCH, RUNTIME, StateError
from local_cloud.engines.step_functions.flow import Body, Flow
from local_cloud.engines.step_functions.json_text import compact
from local_cloud.engines.step_functions.paths import NothingFoundError


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
        if intrinsic_calls.is_call(text):
            return intrinsics.evaluate(intrinsic_calls.parse(text), lambda path: self._find(field, path, data))
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
