"""Definitions: what CreateStateMachine refuses, with where it is, and that no refusal has consequences.

https://states-language.net/spec.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.engines.step_functions.definition import problems_of
from tests.local_cloud.step_functions.conftest import ROLE, Execute, jsonata, jsonpath

PASS: dict[str, Any] = {"Type": "Pass", "End": True}
TASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f"},
    "End": True,
}


def problems(definition: Any, *, express: bool = False) -> list[str]:
    found = problems_of(json.dumps(definition), express=express)
    return [problem.removeprefix("SCHEMA_VALIDATION_FAILED: ") for problem in found]


def state(body: dict[str, Any], language: str = "JSONPath") -> list[str]:
    return problems({**jsonpath(S=body), "QueryLanguage": language})


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ([], "Definition must be a valid JSON object at /"),
        ({}, "These fields are required: [States, StartAt] at /"),
        ({"States": {"S": PASS}}, "These fields are required: [StartAt] at /"),
        ({"StartAt": "S"}, "These fields are required: [States] at /"),
        ({"StartAt": "S", "States": {"S": PASS}, "Extra": 1}, "Field is not supported at /Extra"),
        ({**jsonpath(S=PASS), "TimeoutSeconds": 0}, "Value must be from 1 to 99999999 at /TimeoutSeconds"),
        ({**jsonpath(S=PASS), "TimeoutSeconds": "1"}, "Expected value of type Integer at /TimeoutSeconds"),
        (
            {**jsonpath(S=PASS), "Version": "2.0"},
            "The field 'Version' should have one of these values: [1.0] at /Version",
        ),
        (
            {**jsonpath(S=PASS), "QueryLanguage": "JMESPath"},
            "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata] at /QueryLanguage",
        ),
        (jsonpath(S={"End": True}), "These fields are required: [Type] at /States/S"),
        (
            jsonpath(S={"Type": "Repeat", "End": True}),
            "The field 'Type' should have one of these values: "
            "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map] at /States/S/Type",
        ),
        (jsonpath(S={"Type": "Pass"}), "One of these fields is required, and only one: [Next, End] at /States/S"),
        (jsonpath(S={**PASS, "End": False}), "Value must be true at /States/S/End"),
        (jsonpath(S={**PASS, "Next": "S"}), "One of these fields is required, and only one: [Next, End] at /States/S"),
        (jsonpath(**{"x" * 81: PASS}), f"State name must have at most 80 characters at /States/{'x' * 81}"),
        (
            jsonpath(S={"Type": "Pass", "Next": "X"}),
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/S/Next",
        ),
        ({"StartAt": "X", "States": {}}, "Value cannot be empty at /States"),
        (
            jsonpath(S=PASS, T=PASS),
            'MISSING_TRANSITION_TARGET: State "T" is not reachable. at /States/T',
        ),
        (
            jsonpath(S={"Type": "Parallel", "Branches": [jsonpath(S=PASS)], "End": True}),
            "DUPLICATE_STATE_NAME: Duplicate State name: S at /States/S/Branches[0]/States/S",
        ),
    ],
)
def test_a_machine_is_refused(definition: Any, problem: str) -> None:
    assert problem in problems(definition)


def test_what_is_no_json_or_has_a_field_twice_is_refused() -> None:
    assert problems_of("not a definition")[0].startswith("INVALID_JSON_DESCRIPTION: ")
    assert problems_of('{"StartAt": "S", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}') == [
        "INVALID_JSON_DESCRIPTION: Duplicate field 'StartAt'"
    ]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({**PASS, "Output": 1}, "Field is not supported at /States/S/Output"),
        ({**PASS, "Arguments": 1}, "Field is not supported at /States/S/Arguments"),
        ({**PASS, "Retry": []}, "Field is not supported at /States/S/Retry"),
        ({**PASS, "InputPath": 1}, "Value is not a Path at /States/S/InputPath"),
        ({**PASS, "InputPath": "a"}, "Value is not a Path at /States/S/InputPath"),
        ({**PASS, "OutputPath": "States.UUID()"}, "Value is not a Path at /States/S/OutputPath"),
        ({**PASS, "ResultPath": "$.a[*]"}, "Value is not a Reference Path at /States/S/ResultPath"),
        (
            {**PASS, "ResultPath": "$$.a"},
            "Value is not a Reference Path: it cannot begin with $$ or a variable at /States/S/ResultPath",
        ),
        (
            {**PASS, "Parameters": {"a": {"v.$": "x"}}},
            "The value for the field 'v.$' must be a valid JSONPath or a valid intrinsic function call "
            "at /States/S/Parameters/a",
        ),
        (
            {**PASS, "Parameters": {"v.$": "States.Nothing()"}},
            "The value for the field 'v.$' must be a valid JSONPath or a valid intrinsic function call "
            "at /States/S/Parameters",
        ),
        (
            {**PASS, "Parameters": {"v.$": 1}},
            "The value for the field 'v.$' must be a valid JSONPath or a valid intrinsic function call "
            "at /States/S/Parameters",
        ),
        ({**PASS, "Parameters": {"v.$": "$", "v": 1}}, "The field 'v' is there twice at /States/S/Parameters"),
        ({**PASS, "Comment": 1}, "Expected value of type String at /States/S/Comment"),
        ({"Type": "Succeed", "End": True}, "Field is not supported at /States/S/End"),
        ({"Type": "Fail", "Error": 1}, "Expected value of type String at /States/S/Error"),
        (
            {"Type": "Fail", "Error": "a", "ErrorPath": "$.a"},
            "Only one of these fields is allowed: [Error, ErrorPath] at /States/S",
        ),
        (
            {"Type": "Wait", "End": True},
            "One of these fields is required, and only one: [Seconds, Timestamp] at /States/S",
        ),
        ({"Type": "Wait", "Seconds": "1", "End": True}, "Expected value of type Integer at /States/S/Seconds"),
        ({"Type": "Wait", "Seconds": True, "End": True}, "Expected value of type Integer at /States/S/Seconds"),
        ({"Type": "Wait", "Seconds": -1, "End": True}, "Value must be from 0 to 99999999 at /States/S/Seconds"),
        (
            {"Type": "Wait", "Timestamp": "2016-12-05 21:29:29Z", "End": True},
            "String does not match RFC3339 timestamp at /States/S/Timestamp",
        ),
        ({"Type": "Parallel", "Branches": [], "End": True}, "Value cannot be empty at /States/S/Branches"),
        ({"Type": "Parallel", "End": True}, "These fields are required: [Branches] at /States/S"),
        ({"Type": "Task", "End": True}, "These fields are required: [Resource] at /States/S"),
        ({"Type": "Map", "End": True}, "These fields are required: [ItemProcessor] at /States/S"),
        (
            {**TASK, "TimeoutSeconds": 5, "HeartbeatSeconds": 5},
            "HeartbeatSeconds must be smaller than TimeoutSeconds at /States/S/HeartbeatSeconds",
        ),
        ({**TASK, "Credentials": {}}, "The field 'RoleArn' is required but was missing at /States/S/Credentials"),
        (
            {**TASK, "Parameters": {"FunctionNme": "f"}},
            "The field 'FunctionNme' is not supported by Step Functions at /States/S/Parameters",
        ),
        (
            {**TASK, "Retry": [{"ErrorEquals": []}]},
            "Value cannot be empty at /States/S/Retry[0]/ErrorEquals",
        ),
        ({**TASK, "Retry": [{}]}, "These fields are required: [ErrorEquals] at /States/S/Retry[0]"),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["States.ALL", "A"]}]},
            "States.ALL must appear alone at /States/S/Retry[0]/ErrorEquals",
        ),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]},
            "States.ALL must be in the last of them at /States/S/Retry[0]/ErrorEquals",
        ),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]},
            "Value must be from 1 to inf at /States/S/Retry[0]/BackoffRate",
        ),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 0}]},
            "Value must be from 1 to 99999999 at /States/S/Retry[0]/IntervalSeconds",
        ),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["A"], "MaxDelaySeconds": 5, "IntervalSeconds": 5}]},
            "MaxDelaySeconds must be greater than IntervalSeconds at /States/S/Retry[0]/MaxDelaySeconds",
        ),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]},
            "The field 'JitterStrategy' should have one of these values: [FULL, NONE] "
            "at /States/S/Retry[0]/JitterStrategy",
        ),
        (
            {**TASK, "Catch": [{"ErrorEquals": ["A"]}]},
            "These fields are required: [Next] at /States/S/Catch[0]",
        ),
        (
            {**TASK, "Catch": [{"ErrorEquals": ["A"], "Next": "X"}]},
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/S/Catch[0]/Next",
        ),
    ],
)
def test_a_state_of_jsonpath_is_refused(body: dict[str, Any], problem: str) -> None:
    assert problem in state(body)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        *(
            ({**PASS, field: value}, f"Field is not supported at /States/S/{field}")
            for field, value in {
                "Parameters": {"a": 1},
                "Result": 1,
                "ResultPath": "$",
                "InputPath": "$",
                "OutputPath": "$",
            }.items()
        ),
        ({**TASK, "ResultSelector": {}}, "Field is not supported at /States/S/ResultSelector"),
        ({**TASK, "TimeoutSecondsPath": "$.a"}, "Field is not supported at /States/S/TimeoutSecondsPath"),
        ({"Type": "Fail", "ErrorPath": "$.a"}, "Field is not supported at /States/S/ErrorPath"),
        ({"Type": "Wait", "Seconds": "1", "End": True}, "Expected value of type Integer at /States/S/Seconds"),
        ({**PASS, "QueryLanguage": "JSONPath"}, "A state cannot use JSONPath in a state machine that uses JSONata"),
        ({**PASS, "Output": {"v": "{% 1 + %}"}}, "The JSONata expression '1 +' is invalid: "),
        (
            {"Type": "Choice", "Choices": [{"Next": "S"}]},
            "These fields are required: [Condition] at /States/S/Choices[0]",
        ),
        (
            {"Type": "Choice", "Choices": [{"Condition": "yes", "Next": "S"}]},
            "Expected value of type Boolean or a JSONata expression at /States/S/Choices[0]/Condition",
        ),
        (
            {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "S"}]},
            "Field is not supported at /States/S/Choices[0]/Variable",
        ),
    ],
)
def test_a_state_of_jsonata_is_refused(body: dict[str, Any], problem: str) -> None:
    assert any(found.startswith(problem) for found in state(body, "JSONata"))


def choice(**rule: Any) -> list[str]:
    return state({"Type": "Choice", "Choices": [{"Next": "S", **rule}]})


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({}, "Exactly one comparison operator is required at /States/S/Choices[0]"),
        (
            {"Variable": "$.a", "IsNull": True, "IsString": True},
            "Exactly one comparison operator is required at /States/S/Choices[0]",
        ),
        ({"IsNull": True}, "These fields are required: [Variable] at /States/S/Choices[0]"),
        ({"Variable": "a", "IsNull": True}, "Value is not a Path at /States/S/Choices[0]/Variable"),
        ({"Variable": "$.a", "IsNull": 1}, "Expected value of type Boolean at /States/S/Choices[0]/IsNull"),
        (
            {"Variable": "$.a", "NumericEquals": "1"},
            "Expected value of type Number at /States/S/Choices[0]/NumericEquals",
        ),
        (
            {"Variable": "$.a", "StringEquals": 1},
            "Expected value of type String at /States/S/Choices[0]/StringEquals",
        ),
        (
            {"Variable": "$.a", "TimestampEquals": "2016"},
            "String does not match RFC3339 timestamp at /States/S/Choices[0]/TimestampEquals",
        ),
        ({"Variable": "$.a", "StringEqualsPath": "b"}, "Value is not a Path at /States/S/Choices[0]/StringEqualsPath"),
        ({"Variable": "$.a", "IsEmpty": True}, "Exactly one comparison operator is required at /States/S/Choices[0]"),
        ({"And": []}, "Value cannot be empty at /States/S/Choices[0]/And"),
        (
            {"Not": {"Variable": "$.a", "IsNull": True, "Next": "S"}},
            "Field is not supported at /States/S/Choices[0]/Not/Next",
        ),
        ({"Condition": "{% true %}"}, "Exactly one comparison operator is required at /States/S/Choices[0]"),
    ],
)
def test_a_choice_rule_is_refused(rule: dict[str, Any], problem: str) -> None:
    assert problem in choice(**rule)


def distributed(**fields: Any) -> list[str]:
    inner = {**jsonpath(I=PASS), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return state({"Type": "Map", "ItemProcessor": inner, "End": True, **fields})


def reader(**config: Any) -> dict[str, Any]:
    resource = "arn:aws:states:::s3:getObject"
    return {"ItemReader": {"Resource": resource, "ReaderConfig": config, "Parameters": {"Bucket": "b", "Key": "k"}}}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"Label": ""}, "Label cannot be empty at /States/S/Label"),
        ({"Label": "x" * 41}, "Label cannot exceed 40 characters at /States/S/Label"),
        ({"Label": "a b"}, "Label contains invalid character: ' ' at /States/S/Label"),
        ({"Label": "a\x96"}, "Label contains invalid character: '\\x96' at /States/S/Label"),
        ({"MaxConcurrency": -1}, "Value must be from 0 to 99999999 at /States/S/MaxConcurrency"),
        (
            {"ToleratedFailurePercentage": 101},
            "Value must be from 0 to 100 at /States/S/ToleratedFailurePercentage",
        ),
        (
            {"ToleratedFailureCount": 1, "ToleratedFailureCountPath": "$.n"},
            "Only one of these fields is allowed: [ToleratedFailureCount, ToleratedFailureCountPath] at /States/S",
        ),
        (
            {"ItemBatcher": {}},
            "One of these fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch] at /States/S/ItemBatcher",
        ),
        (
            {"ItemBatcher": {"MaxInputBytesPerBatch": 262_145}},
            "Value must be from 1 to 262144 at /States/S/ItemBatcher/MaxInputBytesPerBatch",
        ),
        (reader(), "These fields are required: [InputType] at /States/S/ItemReader/ReaderConfig"),
        (
            reader(InputType="CSV"),
            "These fields are required: [CSVHeaderLocation] at /States/S/ItemReader/ReaderConfig",
        ),
        (
            reader(InputType="CSV", CSVHeaderLocation="GIVEN"),
            "These fields are required: [CSVHeaders] at /States/S/ItemReader/ReaderConfig",
        ),
        (
            reader(InputType="XML"),
            "The field 'InputType' should have one of these values: [CSV, JSON, JSONL, MANIFEST, PARQUET] "
            "at /States/S/ItemReader/ReaderConfig/InputType",
        ),
        ({"ResultWriter": {}}, "One of these fields is required: [Resource, WriterConfig] at /States/S/ResultWriter"),
        (
            {"ResultWriter": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {}}},
            "The resource provided arn:aws:states:::s3:getObject is not recognized at /States/S/ResultWriter/Resource",
        ),
    ],
)
def test_a_distributed_map_is_refused(fields: dict[str, Any], problem: str) -> None:
    assert problem in distributed(**fields)


@pytest.mark.parametrize("field", ["ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailureCount"])
def test_an_inline_map_has_no_field_of_a_distributed_one(field: str) -> None:
    value: Any = {"Label": "a", "ToleratedFailureCount": 1}.get(field, {})
    found = state({"Type": "Map", "ItemProcessor": jsonpath(I=PASS), "End": True, field: value})
    assert f"Field is only supported in a Distributed Map state at /States/S/{field}" in found


UNKNOWN = (
    "The resource provided {} is not recognized. The value is not a valid resource ARN, or the resource is not "
    "available in this region. at /States/S/Resource"
)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::dynamodb:query",
        "arn:aws:states:::glue:runJob.sync",
        "arn:aws:states:::glue:startJobRun.waitForTaskToken",
        "arn:aws:states:::sns:publish.sync",
        "arn:aws:states:::aws-sdk:glue:startTheJobRun",
        "arn:aws:states:::aws-sdk:glue:StartJobRun",
        "arn:aws:states:::aws-sdk:glue:startJobRun.sync",
        "arn:aws:states:::aws-sdk:nothing:start",
        "arn:aws:s3:::bucket",
        "text",
    ],
)
def test_a_resource_that_aws_does_not_have_is_refused_in_its_words(resource: str) -> None:
    assert state({"Type": "Task", "Resource": resource, "End": True}) == [UNKNOWN.format(resource)]


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("arn:aws:states:::ecs:runTask.sync", "the integration with ecs is not supported: "),
        ("arn:aws:states:::batch:submitJob.sync", "the integration with batch is not supported: "),
        ("arn:aws:states:::emr-serverless:startJobRun.sync", "the integration with emr-serverless is not supported: "),
        ("arn:aws:states:::http:invoke", "the integration with http is not supported: "),
        ("arn:aws:states:::sagemaker:createTransformJob.sync", "nothing can wait for "),
        ("arn:aws:states:::sagemaker:createProcessingJob.sync", "nothing can wait for "),
        ("arn:aws:states:us-east-1:123456789012:activity:a", "activities are not supported: "),
    ],
)
def test_what_nothing_here_runs_is_refused_by_name(resource: str, words: str) -> None:
    (problem,) = state({"Type": "Task", "Resource": resource, "End": True})
    assert problem == f"UNSUPPORTED: {words}{resource}; the local cloud does not run it at /States/S/Resource"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (reader(InputType="PARQUET"), "InputType PARQUET"),
        (reader(InputType="MANIFEST", ManifestType="ATHENA_DATA"), "ManifestType ATHENA_DATA"),
        (reader(InputType="JSON", Transformation="LOAD_AND_FLATTEN"), "Transformation LOAD_AND_FLATTEN"),
        ({"ResultWriter": {"WriterConfig": {"OutputType": "JSONL"}}}, "OutputType JSONL without a Resource"),
    ],
)
def test_what_no_reader_or_writer_here_knows_is_refused_by_name(fields: dict[str, Any], words: str) -> None:
    assert any(problem.startswith(f"UNSUPPORTED: {words}; the local cloud") for problem in distributed(**fields))


@pytest.mark.parametrize(
    ("resource", "pattern"),
    [
        ("arn:aws:states:::glue:startJobRun.sync", "sync"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "waitForTaskToken"),
    ],
)
def test_an_express_workflow_waits_for_nothing(resource: str, pattern: str) -> None:
    definition = jsonpath(S={"Type": "Task", "Resource": resource, "End": True})
    assert problems(definition) == []
    assert problems(definition, express=True) == [
        f"Express state machine does not support '.{pattern}' service integration at /States/S/Resource"
    ]


EVERYTHING: dict[str, Any] = {
    "Comment": "all",
    "Version": "1.0",
    "TimeoutSeconds": 60,
    **jsonpath(
        Task={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:listObjectsV2",
            "Comment": "c",
            "Parameters": {"Bucket.$": "$.b", "MaxKeys": 1},
            "Credentials": {"RoleArn.$": "$.role"},
            "InputPath": "$.a['b'][0]",
            "ResultSelector": {"k.$": "$.Contents[*].Key"},
            "ResultPath": "$.r",
            "OutputPath": "$.r",
            "TimeoutSecondsPath": "$.t",
            "HeartbeatSeconds": 1,
            "Assign": {"v.$": "$.Contents[0]"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "BackoffRate": 1.5, "JitterStrategy": "FULL"}],
            "Catch": [
                {"ErrorEquals": ["States.ALL"], "ResultPath": None, "Assign": {"e.$": "$.Error"}, "Next": "Fail"}
            ],
            "Next": "Choice",
        },
        Choice={
            "Type": "Choice",
            "Choices": [
                {
                    "Or": [{"Not": {"Variable": "$.x", "IsPresent": True}}, {"Variable": "$v", "IsNull": True}],
                    "Comment": "c",
                    "Next": "Wait",
                }
            ],
            "Default": "Fail",
        },
        Wait={"Type": "Wait", "TimestampPath": "$.t", "Next": "Sata"},
        Sata={
            "Type": "Map",
            "QueryLanguage": "JSONata",
            "Items": "{% $states.input.l %}",
            "ItemProcessor": jsonpath(Item={"Type": "Pass", "Parameters": {"v.$": "$"}, "End": True}),
            "MaxConcurrency": "{% 1 %}",
            "Output": "{% $states.result %}",
            "Next": "Succeed",
        },
        Succeed={"Type": "Succeed", "InputPath": None},
        Fail={"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}', $.c)"},
    ),
}


def test_a_definition_with_everything_is_accepted() -> None:
    assert problems(EVERYTHING) == []


def test_a_refusal_names_its_code_and_every_problem(cloud: LocalCloud) -> None:
    definition = json.dumps(jsonpath(S={"Type": "Pass", "InputPath": 1, "Extra": 1, "End": True}))
    with pytest.raises(ClientError) as refusal:
        cloud.client("stepfunctions").create_state_machine(name="refused", definition=definition, roleArn=ROLE)
    assert refusal.value.response["Error"] == {
        "Code": "InvalidDefinition",
        "Message": "Invalid State Machine Definition: "
        "'SCHEMA_VALIDATION_FAILED: Value is not a Path at /States/S/InputPath', "
        "'SCHEMA_VALIDATION_FAILED: Field is not supported at /States/S/Extra'",
    }


def test_a_refusal_changes_nothing_for_other_machines(cloud: LocalCloud, run: Execute) -> None:
    client = cloud.client("stepfunctions")
    good = jsonpath(S={"Type": "Pass", "Parameters": {"a": 1}, "End": True})
    assert run(good).output == {"a": 1}
    for bad in (
        jsonata(S={"Type": "Pass", "Parameters": {"a": 1}, "End": True}),
        jsonata(S={"Type": "Pass", "Output": "{% 1 + %}", "End": True}),
        jsonpath(S={"Type": "Pass", "Parameters": {"a.$": "States.Format("}, "End": True}),
        jsonpath(S={"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": {}, "End": True}),
    ):
        with pytest.raises(ClientError, match="InvalidDefinition"):
            client.create_state_machine(name="bad", definition=json.dumps(bad), roleArn=ROLE)
        assert run(good).output == {"a": 1}
        assert run(jsonata(S={"Type": "Pass", "Output": "{% 1 %}", "End": True})).output == 1


def test_an_update_is_checked_as_well(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    definition = json.dumps(jsonpath(S=PASS))
    arn = client.create_state_machine(name="updated", definition=definition, roleArn=ROLE)["stateMachineArn"]
    with pytest.raises(ClientError, match="InvalidDefinition"):
        client.update_state_machine(stateMachineArn=arn, definition=json.dumps(jsonpath(S={"Type": "Pass"})))
    assert client.describe_state_machine(stateMachineArn=arn)["definition"] == definition


def test_an_express_workflow_stays_one(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    resource = "arn:aws:states:::glue:startJobRun.sync"
    waits = json.dumps(jsonpath(S={"Type": "Task", "Resource": resource, "End": True}))
    arn = client.create_state_machine(
        name="fast", definition=json.dumps(jsonpath(S=PASS)), roleArn=ROLE, type="EXPRESS"
    )
    with pytest.raises(ClientError, match="Express state machine does not support"):
        client.update_state_machine(stateMachineArn=arn["stateMachineArn"], definition=waits)


def test_an_input_that_is_no_json_is_refused(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    arn = client.create_state_machine(name="in", definition=json.dumps(jsonpath(S=PASS)), roleArn=ROLE)
    with pytest.raises(ClientError, match="InvalidExecutionInput"):
        client.start_execution(stateMachineArn=arn["stateMachineArn"], input="{")
