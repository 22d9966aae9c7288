"""Calls of AWS by Task states: parameters and results spelt and typed as Step Functions does, and errors named so.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.response import StreamingBody

from local_cloud.engines.step_functions.errors import RUNTIME, StateError
from local_cloud.engines.step_functions.integrations import Integration
from local_cloud.engines.step_functions.json_text import compact, epoch_milliseconds, iso_8601, plain

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")


def member_key(name: str) -> str:
    """Return what a member's name is compared by: `QueryExecutionId` is `queryExecutionId`."""
    return name.replace("_", "").lower()


def call(integration: Integration, client: Any, parameters: Any, context: dict[str, Any]) -> Any:
    """Make the call; return the answer as boto3 gives it.

    Raises
    ------
    StateError
        With the Error Name of the service.
    """
    operation = integration.operation
    request = _request(integration, parameters, context)
    try:
        answer = client._make_api_call(operation.name, _to_boto(request, operation.input_shape))
    except ClientError as error:
        raise StateError(integration.error_name(error), _cause(integration, error)) from None
    except ParamValidationError as error:
        reason = " ".join(str(error).split())
        if "Missing required parameter" in reason:
            # AWS sends such a request, and the service refuses it.
            raise StateError(integration.untyped_error, reason) from None
        raise StateError(
            RUNTIME, f"The Parameters '{compact(parameters)}' could not be used to start the Task: [{reason}]"
        ) from None
    except BotoCoreError as error:
        raise StateError(
            f"{integration.error_prefix}.SdkClientException", f"Unable to execute HTTP request: {error}"
        ) from None
    answer.pop("ResponseMetadata", None)
    return _function_result(answer) if integration.service == "lambda" and integration.action == "invoke" else answer


def _request(integration: Integration, parameters: Any, context: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters with what an optimised integration makes of them."""
    if integration.is_function:
        return {"FunctionName": integration.arn, "Payload": compact(parameters)}
    if not isinstance(parameters, dict):
        raise StateError(
            RUNTIME, f"The Parameters '{compact(parameters)}' could not be used to start the Task: [they are no object]"
        )
    if integration.is_sdk:
        return parameters
    if integration.service == "lambda" and "Payload" in parameters:
        return {**parameters, "Payload": _payload(parameters["Payload"])}
    if integration.service == "stepfunctions":
        given = parameters.get("Input")
        return {**parameters, "Input": given if isinstance(given, str) else compact({} if given is None else given)}
    if integration.service == "events":
        here = [context["StateMachine"]["Id"], context["Execution"]["Id"]]
        entries = [{**entry, "Resources": [*entry.get("Resources", []), *here]} for entry in parameters["Entries"]]
        return {**parameters, "Entries": entries}
    return parameters


def _payload(payload: Any) -> str:
    if isinstance(payload, str):
        try:
            json.loads(payload)
        except ValueError:
            return compact(payload)
        return payload
    return compact({} if payload is None else payload)


def _function_result(answer: dict[str, Any]) -> dict[str, Any]:
    text = answer["Payload"].read().decode()
    try:
        payload = json.loads(text)
    except ValueError:
        payload = text
    if "FunctionError" not in answer:
        return {**answer, "Payload": payload}
    kind = payload.get("errorType", "Exception") if isinstance(payload, dict) else "Exception"
    raise StateError(kind, compact(payload))


def _cause(integration: Integration, error: ClientError) -> str:
    message, code = error.response["Error"]["Message"], error.response["Error"]["Code"]
    about = error.response["ResponseMetadata"]
    if integration.is_sdk:
        service = integration.error_prefix
        host = f", Extended Request ID: {about['HostId']}" if about.get("HostId") else ""
        status = about["HTTPStatusCode"]
        return f"{message} (Service: {service}, Status Code: {status}, Request ID: {about.get('RequestId', '')}{host})"
    if integration.service == "glue":
        return str(message)
    return (
        f"{message} (Status Code: {about['HTTPStatusCode']}; Error Code: {code}; "
        f"Request ID: {about.get('RequestId', '')}; Proxy: null)"
    )


def _to_boto(value: Any, shape: Any) -> Any:
    """Spell the members as the API does; a value for a string or a blob that is none is written as JSON."""
    kind = shape.type_name if shape is not None else None
    if kind == "structure" and isinstance(value, dict):
        members = {member_key(name): (name, member) for name, member in shape.members.items()}
        named = {members.get(member_key(key), (key, None)): each for key, each in value.items()}
        return {name: _to_boto(each, member) for (name, member), each in named.items()}
    if kind == "list" and isinstance(value, list):
        value = [_to_boto(each, shape.member) for each in value]
    elif kind == "map" and isinstance(value, dict):
        value = {key: _to_boto(each, shape.value) for key, each in value.items()}
    elif kind == "string" and not isinstance(value, str) and value is not None:
        value = compact(value)
    elif kind == "blob":
        value = (value if isinstance(value, str) else compact(value)).encode()
    return value


def result_of(integration: Integration, answer: Any, shape: Any = None) -> Any:
    """Return an answer of boto3 as the result of a Task state.

    The aws-sdk integrations give timestamps as text, the optimised ones as milliseconds.
    """
    if integration.is_function:
        return plain(answer["Payload"], iso_8601)
    shape = shape or integration.operation.output_shape
    return plain(_from_boto(answer, shape), iso_8601 if integration.is_sdk else epoch_milliseconds)


def _from_boto(value: Any, shape: Any) -> Any:
    if isinstance(value, StreamingBody):
        return value.read().decode()
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            _pascal(key) if key in shape.members else key: _from_boto(each, shape.members.get(key))
            for key, each in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_from_boto(each, shape.member) for each in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _from_boto(each, shape.value) for key, each in value.items()}
    return value


def _pascal(name: str) -> str:
    # The one name whose digits are no word of their own.
    if name.startswith("MD5Of"):
        return name
    return "".join(word[:1].upper() + word[1:].lower() for word in _WORD.split(name))
