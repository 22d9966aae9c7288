"""Fields of the States Language: which each type of state has in which query language.

https://states-language.net/spec.html, https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from __future__ import annotations

from local_cloud.engines.step_functions.checks import (
    Check,
    anything,
    array_template,
    assignments,
    integer,
    number,
    object_template,
    of_type,
    one_of,
    optional_path,
    path,
    path_or_call,
    payload,
    reference,
    result_path,
    template,
    text_or_expression,
    timestamp,
    true,
)

_COMMON: dict[str, Check] = {
    "Type": anything,
    "Comment": of_type("string"),
    "QueryLanguage": one_of("JSONPath", "JSONata"),
}
_MOVES: dict[str, Check] = {"Next": of_type("string"), "End": true}
_PATHS: dict[str, Check] = {"InputPath": optional_path, "OutputPath": optional_path}
_RESULT: dict[str, Check] = {**_PATHS, "ResultPath": result_path, "ResultSelector": object_template}
_TIMES: dict[str, Check] = {"TimeoutSeconds": integer(1), "HeartbeatSeconds": integer(1)}
_TIME_PATHS: dict[str, Check] = {"TimeoutSecondsPath": reference, "HeartbeatSecondsPath": reference}
_MAP: dict[str, Check] = {
    "ItemSelector": object_template,
    "MaxConcurrency": integer(),
    "ToleratedFailureCount": integer(0, 10_000_000),
    "ToleratedFailurePercentage": number(0, 100),
    "Label": of_type("string"),
}

# Fields by the type of the state, but those that the checker itself reads: Choices, Branches, ItemProcessor, Retry …
JSONPATH: dict[str, dict[str, Check]] = {
    "Task": {
        **_COMMON,
        **_MOVES,
        **_RESULT,
        **_TIMES,
        **_TIME_PATHS,
        "Resource": of_type("string"),
        "Parameters": payload,
        "Credentials": object_template,
        "Assign": assignments,
    },
    "Pass": {
        **_COMMON,
        **_MOVES,
        **_PATHS,
        "ResultPath": result_path,
        "Result": anything,
        "Parameters": payload,
        "Assign": assignments,
    },
    "Wait": {
        **_COMMON,
        **_MOVES,
        **_PATHS,
        "Seconds": integer(),
        "Timestamp": timestamp,
        "SecondsPath": reference,
        "TimestampPath": reference,
        "Assign": assignments,
    },
    "Choice": {**_COMMON, **_PATHS, "Default": of_type("string"), "Assign": assignments},
    "Succeed": {**_COMMON, **_PATHS},
    "Fail": {
        **_COMMON,
        "Error": of_type("string"),
        "Cause": of_type("string"),
        "ErrorPath": path_or_call,
        "CausePath": path_or_call,
    },
    "Parallel": {**_COMMON, **_MOVES, **_RESULT, "Parameters": payload, "Assign": assignments},
    "Map": {
        **_COMMON,
        **_MOVES,
        **_RESULT,
        **_MAP,
        "ItemsPath": path,
        "Parameters": payload,
        "Assign": assignments,
        "MaxConcurrencyPath": reference,
        "ToleratedFailureCountPath": reference,
        "ToleratedFailurePercentagePath": reference,
    },
}
_OUTPUT: dict[str, Check] = {"Output": template, "Assign": assignments}
JSONATA: dict[str, dict[str, Check]] = {
    "Task": {
        **_COMMON,
        **_MOVES,
        **_OUTPUT,
        **_TIMES,
        "Resource": of_type("string"),
        "Arguments": payload,
        "Credentials": object_template,
    },
    "Pass": {**_COMMON, **_MOVES, **_OUTPUT},
    "Wait": {**_COMMON, **_MOVES, **_OUTPUT, "Seconds": integer(), "Timestamp": timestamp},
    "Choice": {**_COMMON, **_OUTPUT, "Default": of_type("string")},
    "Succeed": {**_COMMON, "Output": template},
    "Fail": {**_COMMON, "Error": text_or_expression, "Cause": text_or_expression},
    "Parallel": {**_COMMON, **_MOVES, **_OUTPUT, "Arguments": payload},
    "Map": {**_COMMON, **_MOVES, **_OUTPUT, **_MAP, "Items": array_template},
}
TYPES = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
