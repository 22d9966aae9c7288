"""The data flow of states that use JSONata: Arguments, Assign and Output."""

from __future__ import annotations

from typing import Any

from local_cloud.engines.step_functions import jsonata
from local_cloud.engines.step_functions.errors import QUERY_EVALUATION, StateError
from local_cloud.engines.step_functions.flow import Body, Flow
from local_cloud.engines.step_functions.json_text import compact, kind_of
from local_cloud.engines.step_functions.scope import Scope


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
