"""The data flow of a state by its query language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_cloud.engines.step_functions.flow import Body, Flow
from local_cloud.engines.step_functions.jsonata_flow import JsonataFlow
from local_cloud.engines.step_functions.jsonpath_flow import JsonPathFlow
from local_cloud.engines.step_functions.scope import Scope

_FLOWS: dict[str, Callable[[Scope, Body, Any], Flow]] = {"JSONPath": JsonPathFlow, "JSONata": JsonataFlow}


def flow_of(scope: Scope, body: Body, raw: Any) -> Flow:
    """Return the data flow of a state, in its query language."""
    return _FLOWS[body.get("QueryLanguage", scope.query_language)](scope, body, raw)
