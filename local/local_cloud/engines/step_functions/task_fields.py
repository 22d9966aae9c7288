"""Fields of a Task state: what is wrong with them, and what nothing here runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.engines.step_functions.calls import member_key
from local_cloud.engines.step_functions.errors import UnsupportedError
from local_cloud.engines.step_functions.integrations import Integration, integration_of

if TYPE_CHECKING:
    from local_cloud.engines.step_functions.definition import Checker


def check_task(checker: Checker, body: dict[str, Any], at: str) -> None:
    limits = [body.get(name) for name in ("HeartbeatSeconds", "TimeoutSeconds")]
    if all(isinstance(limit, int) for limit in limits) and limits[0] >= limits[1]:  # type: ignore[operator]
        checker.wrong("HeartbeatSeconds must be smaller than TimeoutSeconds", f"{at}/HeartbeatSeconds")
    credentials = body.get("Credentials")
    if isinstance(credentials, dict) and not {"RoleArn", "RoleArn.$"} & credentials.keys():
        checker.wrong("The field 'RoleArn' is required but was missing", f"{at}/Credentials")
    try:
        integration = integration_of(body["Resource"])
    except UnsupportedError as error:
        checker.unsupported(str(error), f"{at}/Resource")
        return
    except ValueError as error:
        checker.wrong(str(error), f"{at}/Resource")
        return
    if checker.express and integration.pattern:
        pattern = "sync" if integration.pattern.startswith("sync") else integration.pattern
        checker.wrong(f"Express state machine does not support '.{pattern}' service integration", f"{at}/Resource")
    _parameters(checker, integration, body, at)


def _parameters(checker: Checker, integration: Integration, body: dict[str, Any], at: str) -> None:
    field = "Arguments" if checker.is_jsonata else "Parameters"
    given = body.get(field)
    if integration.is_function or not isinstance(given, dict):
        return
    shape = integration.operation.input_shape
    known = {member_key(name) for name in shape.members} if shape else set()
    for key in given:
        name = key if checker.is_jsonata else key.removesuffix(".$")
        if member_key(name) not in known:
            checker.wrong(f"The field '{name}' is not supported by Step Functions", f"{at}/{field}")
