"""Task states, what they call and wait for, and the limits of executions."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.engines.step_functions import limits as stepfunctions_limits
from local_cloud.errors import LocalCloudError

ROLE = "arn:aws:iam::123456789012:role/states"

Run = Callable[..., Any]


@pytest.fixture
def run(cloud: LocalCloud, request: pytest.FixtureRequest) -> Run:
    """Create the state machine and run it to its end."""

    def run(states: dict[str, Any], payload: Any = None, **definition: Any) -> Any:
        for name, state in states.items():
            following = list(states)[list(states).index(name) + 1 :]
            if "Next" not in state and state["Type"] not in ("Choice", "Succeed", "Fail") and "End" not in state:
                state.update({"Next": following[0]} if following else {"End": True})
        body = {"StartAt": next(iter(states)), "States": states, **definition}
        machine = cloud.client("stepfunctions").create_state_machine(
            name=request.node.name[:80], definition=json.dumps(body), roleArn=ROLE
        )
        return cloud.execute(machine["stateMachineArn"], payload or {})

    return run


def task(resource: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **more}


def test_a_task_calls_under_the_role_of_its_state_machine_or_of_its_own(cloud: LocalCloud, run: Run) -> None:
    other = "arn:aws:iam::123456789012:role/other"
    before = len(cloud.calls)
    run(
        {
            "Machine": task("aws-sdk:s3:listBuckets"),
            "Own": task("aws-sdk:sqs:listQueues", Credentials={"RoleArn": other}),
        }
    )
    calls = {(call.role, call.action) for call in cloud.calls[before:]}
    assert calls == {(ROLE, "s3:ListBuckets"), (other, "sqs:ListQueues")}


def waiting_for_its_token(cloud: LocalCloud, **more: Any) -> tuple[str, str]:
    """Start an execution that sends its token to a queue; return its ARN and the token."""
    queue = cloud.client("sqs").create_queue(QueueName=f"tokens-{time.monotonic_ns()}")["QueueUrl"]
    send = task(
        "sqs:sendMessage.waitForTaskToken",
        Parameters={"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
        **more,
    )
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout", "Bad"], "Next": "Caught"}]
    states = {"Send": {**send, "Catch": catch, "End": True}, "Caught": {"Type": "Succeed"}}
    client = cloud.client("stepfunctions")
    machine = client.create_state_machine(
        name=f"token-{time.monotonic_ns()}",
        definition=json.dumps({"StartAt": "Send", "States": states}),
        roleArn=ROLE,
    )
    arn = client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    while not (messages := cloud.client("sqs").receive_message(QueueUrl=queue).get("Messages")):
        time.sleep(0.05)
    return arn, json.loads(messages[0]["Body"])["token"]


def outcome(cloud: LocalCloud, arn: str) -> Any:
    client = cloud.client("stepfunctions")
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.05)
    return json.loads(found["output"])


def test_a_token_brings_the_output_of_its_task(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    arn, token = waiting_for_its_token(cloud)
    with pytest.raises(ClientError, match="Invalid Output"):
        client.send_task_success(taskToken=token, output="{")
    client.send_task_success(taskToken=token, output='{"done": true}')
    assert outcome(cloud, arn) == {"done": True}
    with pytest.raises(ClientError) as used:
        client.send_task_success(taskToken=token, output="{}")
    assert used.value.response["Error"]["Code"] == "InvalidToken"


def test_a_token_brings_the_error_and_the_cause_of_its_task(cloud: LocalCloud) -> None:
    arn, token = waiting_for_its_token(cloud)
    cloud.client("stepfunctions").send_task_failure(taskToken=token, error="Bad", cause="why")
    assert outcome(cloud, arn) == {"Error": "Bad", "Cause": "why"}


def test_a_task_without_heartbeat_times_out_and_one_with_it_goes_on(cloud: LocalCloud) -> None:
    arn, token = waiting_for_its_token(cloud, HeartbeatSeconds=2)
    for _ in range(4):
        time.sleep(0.7)
        cloud.client("stepfunctions").send_task_heartbeat(taskToken=token)
    # As recorded, the error of a heartbeat that is missed is that of a timeout.
    assert outcome(cloud, arn) == {"Error": "States.Timeout", "Cause": ""}


def test_values_for_strings_and_blobs_are_written_as_json(cloud: LocalCloud, run: Run) -> None:
    cloud.client("s3").create_bucket(Bucket="bodies")
    values = {"text": "text", "object": {"a": [1]}, "boolean": False, "number": 0}
    run(
        {
            key: task("aws-sdk:s3:putObject", Parameters={"Bucket": "bodies", "Key": key, "Body": value})
            for key, value in values.items()
        }
    )
    s3 = cloud.client("s3")
    bodies = {key: s3.get_object(Bucket="bodies", Key=key)["Body"].read() for key in values}
    assert bodies == {"text": b"text", "object": b'{"a":[1]}', "boolean": b"false", "number": b"0"}


def test_parameters_of_the_wrong_type_are_a_runtime_error(run: Run) -> None:
    with pytest.raises(
        LocalCloudError, match=r"States\.Runtime: .*The Parameters .* could not be used to start the Task"
    ):
        run({"List": task("aws-sdk:s3:listObjectsV2", Parameters={"Bucket": "b", "MaxKeys": "many"})})


def test_a_parameter_that_is_missing_is_an_error_of_the_service(run: Run) -> None:
    with pytest.raises(LocalCloudError, match=r"DynamoDb\.DynamoDbException"):
        run({"Put": task("aws-sdk:dynamodb:putItem", Parameters={"TableName": "t"})})


def test_a_task_without_parameters_calls_without_any(run: Run) -> None:
    assert run({"List": task("aws-sdk:glue:getDatabases")}, {"in": 1}) == {"DatabaseList": []}


def test_a_history_is_read_in_pages_and_backwards(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    machine = client.create_state_machine(name="pages", definition=definition, roleArn=ROLE)
    arn = client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
        time.sleep(0.05)
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=arn, reverseOrder=True, PaginationConfig={"PageSize": 3}
    )
    assert [[event["id"] for event in page["events"]] for page in pages] == [[4, 3, 2], [1]]


def test_a_name_belongs_to_one_definition_and_one_execution(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    first, second = (
        json.dumps({"StartAt": name, "States": {name: {"Type": "Wait", "Seconds": 1, "End": True}}}) for name in "AB"
    )
    arn = client.create_state_machine(name="once", definition=first, roleArn=ROLE)["stateMachineArn"]
    assert client.create_state_machine(name="once", definition=first, roleArn=ROLE)["stateMachineArn"] == arn
    with pytest.raises(ClientError, match="StateMachineAlreadyExists"):
        client.create_state_machine(name="once", definition=second, roleArn=ROLE)
    started = client.start_execution(stateMachineArn=arn, name="one", input="{}")["executionArn"]
    assert client.start_execution(stateMachineArn=arn, name="one", input="{}")["executionArn"] == started
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        client.start_execution(stateMachineArn=arn, name="one", input="[]")
    with pytest.raises(ClientError, match="InvalidName"):
        client.start_execution(stateMachineArn=arn, name="a b")


def test_stopping_an_execution_ends_it_at_once(cloud: LocalCloud) -> None:
    arn, _ = waiting_for_its_token(cloud)
    client = cloud.client("stepfunctions")
    client.stop_execution(executionArn=arn, error="Enough", cause="of it")
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.05)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Enough", "of it")
    assert client.get_execution_history(executionArn=arn)["events"][-1]["type"] == "ExecutionAborted"


def query(sql: str) -> dict[str, Any]:
    return task(
        "athena:startQueryExecution.sync",
        Parameters={
            "QueryString": sql,
            "WorkGroup": "primary",
            "ResultConfiguration": {"OutputLocation": "s3://results/"},
        },
    )


def test_waits_for_an_athena_query(cloud: LocalCloud, run: Run) -> None:
    cloud.client("s3").create_bucket(Bucket="results")
    execution = run({"Query": query("SELECT 1 AS one")})["QueryExecution"]
    assert execution["Status"]["State"] == "SUCCEEDED"
    assert isinstance(execution["Status"]["SubmissionDateTime"], int)
    result = cloud.client("s3").get_object(Bucket="results", Key=f"{execution['QueryExecutionId']}.csv")
    assert result["Body"].read() == b'"one"\n"1"\n'


def test_a_query_that_fails_is_a_failed_task_with_athenas_reason(run: Run) -> None:
    with pytest.raises(LocalCloudError, match=r"failed in state 'Query': States\.TaskFailed: .*nowhere"):
        run({"Query": query("SELECT * FROM nowhere.nothing")})


def test_waits_for_a_glue_job_and_answers_as_the_optimised_integration_does(cloud: LocalCloud, run: Run) -> None:
    cloud.client("s3").create_bucket(Bucket="scripts")
    cloud.client("s3").put_object(Bucket="scripts", Key="fine.py", Body=b"print('fine')")
    cloud.client("glue").create_job(
        Name="fine", Role=ROLE, Command={"Name": "glueetl", "ScriptLocation": "s3://scripts/fine.py"}
    )
    output = run({"Job": task("glue:startJobRun.sync", Parameters={"JobName": "fine"})})
    assert output["JobName"] == "fine"
    assert output["JobRunState"] == "SUCCEEDED"


def training(cloud: LocalCloud, name: str, script: str) -> dict[str, Any]:
    """Return a task that trains by a script, once it is in S3."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("train.py")
        member.size = len(script)
        archive.addfile(member, io.BytesIO(script.encode()))
    cloud.client("s3").create_bucket(Bucket="models")
    cloud.client("s3").put_object(Bucket="models", Key=f"{name}.tar.gz", Body=buffer.getvalue())
    return task(
        "sagemaker:createTrainingJob.sync",
        Parameters={
            "TrainingJobName": name,
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "image"},
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": f"s3://models/{name}.tar.gz",
            },
            "OutputDataConfig": {"S3OutputPath": "s3://models/"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
    )


def test_waits_for_a_training_job(cloud: LocalCloud, run: Run) -> None:
    script = "import os, pathlib\npathlib.Path(os.environ['SM_MODEL_DIR'], 'model.txt').write_text('trained')\n"
    output = run({"Train": training(cloud, "good", script)})
    assert output["TrainingJobStatus"] == "Completed"
    bucket, key = output["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").split("/", 1)
    assert cloud.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def test_a_training_job_that_fails_is_a_failed_task_with_its_reason(cloud: LocalCloud, run: Run) -> None:
    with pytest.raises(LocalCloudError, match=r"failed in state 'Train': States\.TaskFailed: .*no data"):
        run({"Train": training(cloud, "bad", "raise SystemExit('no data')")})


def test_finds_redshift_data_and_returns_its_timestamps_as_text(run: Run) -> None:
    output = run(
        {
            "Execute": task(
                "aws-sdk:redshiftdata:executeStatement",
                Parameters={"Database": "dev", "WorkgroupName": "lake", "Sql": "select 1"},
            )
        }
    )
    assert datetime.fromisoformat(output["CreatedAt"]).year >= 2026


def test_names_errors_of_a_service_as_aws_does(run: Run) -> None:
    output = run(
        {
            "Start": task(
                "aws-sdk:glue:startCrawler",
                Parameters={"Name": "none"},
                Catch=[{"ErrorEquals": ["Glue.EntityNotFoundException"], "Next": "Caught"}],
            ),
            "Caught": {"Type": "Pass"},
        }
    )
    assert output["Error"] == "Glue.EntityNotFoundException"


def test_lists_objects_whose_answer_holds_timestamps(cloud: LocalCloud, run: Run) -> None:
    cloud.client("s3").create_bucket(Bucket="listed")
    cloud.client("s3").put_object(Bucket="listed", Key="a", Body=b"1")
    output = run({"List": task("aws-sdk:s3:listObjectsV2", Parameters={"Bucket": "listed"})})
    assert output["Contents"][0]["Key"] == "a"
    assert output["Contents"][0]["LastModified"].endswith("Z")


def test_registers_a_model_package(cloud: LocalCloud, run: Run) -> None:
    cloud.client("sagemaker").create_model_package_group(ModelPackageGroupName="models")
    output = run(
        {
            "Register": task(
                "aws-sdk:sagemaker:createModelPackage",
                Parameters={
                    "ModelPackageGroupName": "models",
                    "ModelApprovalStatus": "PendingManualApproval",
                    "InferenceSpecification": {
                        "Containers": [{"Image": "image", "ModelDataUrl": "s3://models/model.tar.gz"}],
                        "SupportedContentTypes": ["text/csv"],
                        "SupportedResponseMIMETypes": ["text/csv"],
                    },
                },
            )
        }
    )
    assert ":model-package/models/1" in output["ModelPackageArn"]


def test_publishes_what_went_wrong_after_catching_every_error(cloud: LocalCloud, run: Run) -> None:
    topic = cloud.client("sns").create_topic(Name="failures")["TopicArn"]
    queue = cloud.client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    arn = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    with pytest.raises(LocalCloudError, match="failed in state 'Fail': JobFailed: see the topic"):
        run(
            {
                "Work": task(
                    "aws-sdk:glue:startCrawler",
                    Parameters={"Name": "none"},
                    Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Tell"}],
                    Next="Done",
                ),
                "Tell": task(
                    "sns:publish",
                    Parameters={
                        "TopicArn": topic,
                        "Message.$": "States.Format('{} failed: {}', $$.Execution.Name, $.failure.Error)",
                    },
                    Next="Fail",
                ),
                "Fail": {"Type": "Fail", "Error": "JobFailed", "Cause": "see the topic"},
                "Done": {"Type": "Succeed"},
            }
        )
    message = json.loads(cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"])["Message"]
    assert message.endswith("failed: Glue.EntityNotFoundException")


def test_a_task_that_takes_too_long_times_out(cloud: LocalCloud, run: Run) -> None:
    inner = cloud.client("stepfunctions").create_state_machine(
        name="slow",
        definition=json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "End": True}}}),
        roleArn=ROLE,
    )
    with pytest.raises(LocalCloudError, match=r"States\.Timeout"):
        run(
            {
                "Inner": task(
                    "states:startExecution.sync:2",
                    Parameters={"StateMachineArn": inner["stateMachineArn"]},
                    TimeoutSeconds=1,
                )
            }
        )


def test_knows_its_own_name_start_and_the_intrinsic_functions(run: Run) -> None:
    output = run(
        {
            "Context": {
                "Type": "Pass",
                "Parameters": {
                    "name.$": "$$.Execution.Name",
                    "start.$": "$$.Execution.StartTime",
                    "sum.$": "States.MathAdd($.a, 2)",
                    "text.$": "States.Format('{}/{}', $.a, 'x')",
                    "list.$": "States.Array($.a, 1)",
                    "first.$": "States.ArrayGetItem(States.StringSplit('p,q', ','), 0)",
                    "length.$": "States.ArrayLength($.items)",
                    "json.$": "States.StringToJson('{\"k\": 1}')",
                },
            }
        },
        {"a": 40, "items": [1, 2, 3]},
    )
    start = datetime.fromisoformat(output.pop("start"))
    assert start.tzinfo is not None
    assert len(output.pop("name")) == 36
    assert output == {"sum": 42, "text": "40/x", "list": [40, 1], "first": "p", "length": 3, "json": {"k": 1}}


def test_waits_chooses_maps_and_runs_in_parallel(run: Run) -> None:
    twice = {"Type": "Pass", "End": True, "Parameters": {"v.$": "States.MathAdd($, $)"}}
    double = {"StartAt": "D", "States": {"D": twice}}
    branches = [{"StartAt": name, "States": {name: {"Type": "Pass", "Result": 7, "End": True}}} for name in "BC"]
    output = run(
        {
            "Wait": {"Type": "Wait", "Seconds": 1},
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Map"}],
                "Default": "Never",
            },
            "Never": {"Type": "Fail", "Error": "Never"},
            "Map": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": double, "ResultPath": "$.doubled"},
            "Both": {"Type": "Parallel", "Branches": branches, "ResultPath": "$.both"},
        },
        {"n": 2, "items": [1, 2]},
    )
    assert output == {"n": 2, "items": [1, 2], "doubled": [{"v": 2}, {"v": 4}], "both": [7, 7]}


def test_speaks_jsonata_with_the_functions_of_step_functions(run: Run) -> None:
    output = run(
        {
            "Compute": {
                "Type": "Pass",
                "Assign": {"quoted": "{% $states.input.text %}"},
                "Output": {
                    "total": "{% $sum($states.input.rows.n) %}",
                    "pairs": "{% $partition([1, 2, 3], 2) %}",
                    "range": "{% $range(0, 4, 2) %}",
                    "parsed": "{% $parse('{\"k\": [1]}').k %}",
                    "hash": "{% $hash('a', 'MD5') %}",
                },
            },
            "Check": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.total = 5 %}", "Next": "Good"}],
                "Default": "Bad",
            },
            "Good": {"Type": "Succeed", "Output": {"text": "{% $quoted %}", "seen": "{% $states.input %}"}},
            "Bad": {"Type": "Fail"},
        },
        {"rows": [{"n": 2}, {"n": 3}], "text": 'say "yes"'},
        QueryLanguage="JSONata",
    )
    assert output == {
        "text": 'say "yes"',
        "seen": {
            "total": 5,
            "pairs": [[1, 2], [3]],
            "range": [0, 2, 4],
            "parsed": [1],
            "hash": "0cc175b9c0f1b6a831c399e269772661",
        },
    }


def test_runs_executions_of_one_state_machine_side_by_side(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "End": True}}}
    machine = client.create_state_machine(name="side", definition=json.dumps(definition), roleArn=ROLE)
    arns = [client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"] for _ in range(4)]
    while any(client.describe_execution(executionArn=arn)["status"] == "RUNNING" for arn in arns):
        time.sleep(0.05)
    spans = [client.describe_execution(executionArn=arn) for arn in arns]
    assert max(span["startDate"] for span in spans) < min(span["stopDate"] for span in spans)


def ended(cloud: LocalCloud, name: str, states: dict[str, Any], payload: Any = None) -> tuple[Any, list[Any]]:
    """Run a state machine and return how its execution ended, and its history."""
    client = cloud.client("stepfunctions")
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    machine = client.create_state_machine(name=name, definition=definition, roleArn=ROLE)
    started = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(payload))
    arn = started["executionArn"]
    deadline = time.monotonic() + 300
    while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline, "the execution goes on forever"
        time.sleep(0.2)
    return found, client.get_execution_history(executionArn=arn)["events"]


# As AWS ends such an execution: https://github.com/floci-io/floci/issues/2734.
FULL = {"error": "States.Runtime", "cause": "The execution reached the maximum number of history events (25000)."}
CATCH_ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]


def round_and_round(name: str) -> dict[str, Any]:
    """Return a branch that never ends."""
    loop = {"Type": "Choice", "Choices": [{"Variable": "$", "IsString": True, "Next": f"{name}Done"}], "Default": name}
    return {"StartAt": name, "States": {name: loop, f"{name}Done": {"Type": "Succeed"}}}


@pytest.fixture
def short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a history have 101 events: 25,000 take a minute."""
    monkeypatch.setattr(stepfunctions_limits, "MOST_EVENTS", 101)


def test_an_execution_fails_at_the_event_that_its_history_has_no_room_for(cloud: LocalCloud) -> None:
    # The start, 2 events for each Pass, 4 for the Map, 4 for each item, and the end: 25,002.
    item = {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}}
    states = {
        "Items": {"Type": "Pass", "Next": "Work"},
        "Work": {"Type": "Map", "ItemProcessor": item, "MaxConcurrency": 40, "Next": "Last"},
        "Last": {"Type": "Pass", "End": True},
    }
    found, history = ended(cloud, "full", states, [0] * 6_248)
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", FULL["error"], FULL["cause"])
    assert [event["id"] for event in history] == list(range(1, 25_001))
    assert history[-2]["type"] == "MapStateExited"
    assert (history[-1]["type"], history[-1]["executionFailedEventDetails"]) == ("ExecutionFailed", FULL)


@pytest.mark.usefixtures("short_history")
@pytest.mark.parametrize(("passes", "status"), [(49, "FAILED"), (48, "SUCCEEDED")])
def test_the_last_event_of_a_full_history_may_be_success(cloud: LocalCloud, passes: int, status: str) -> None:
    states = {f"S{at}": {"Type": "Pass", "Next": f"S{at + 1}"} for at in range(passes)}
    # The start, 2 events for each Pass, 2 for Succeed, and the end: 100 or 102.
    found, history = ended(cloud, f"last-{passes}", states | {f"S{passes}": {"Type": "Succeed"}})
    assert (found["status"], len(history)) == (status, min(4 + 2 * passes, 101))


@pytest.mark.usefixtures("short_history")
@pytest.mark.parametrize(
    "work",
    [
        {"Type": "Parallel", "Branches": [round_and_round("A"), round_and_round("B")]},
        {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": round_and_round("A")},
    ],
    ids=["branches", "items"],
)
def test_nothing_catches_or_retries_a_full_history(cloud: LocalCloud, work: dict[str, Any]) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60}]
    states = {"Work": work | {"Retry": retry, "Catch": CATCH_ALL, "End": True}, "Caught": {"Type": "Succeed"}}
    found, history = ended(cloud, f"full-{work['Type']}", states, {"items": [1, 2]})
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", FULL["error"], FULL["cause"])
    assert (history[-1]["id"], history[-1]["type"]) == (101, "ExecutionFailed")


@pytest.mark.parametrize("work", ["Task", "Parallel"])
def test_a_timeout_is_caught_wherever_it_happens(cloud: LocalCloud, work: str) -> None:
    slow = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "End": True}}}
    inner = cloud.client("stepfunctions").create_state_machine(
        name=f"slow-{work}", definition=json.dumps(slow), roleArn=ROLE
    )
    call = task(
        "states:startExecution.sync:2",
        Parameters={"StateMachineArn": inner["stateMachineArn"]},
        TimeoutSeconds=1,
    )
    if work == "Parallel":
        call = {"Type": "Parallel", "Branches": [{"StartAt": "Call", "States": {"Call": call | {"End": True}}}]}
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]
    states = {"Work": call | {"Catch": caught, "End": True}, "Caught": {"Type": "Pass", "End": True}}
    found, _ = ended(cloud, f"timeout-{work}", states, {})
    assert (found["status"], json.loads(found.get("output", "{}")).get("Error")) == ("SUCCEEDED", "States.Timeout")


@pytest.mark.parametrize(("letters", "status"), [(262_142, "SUCCEEDED"), (262_143, "FAILED")])
def test_a_state_hands_on_262144_bytes_and_all_errors_do_not_include_more(
    cloud: LocalCloud, letters: int, status: str
) -> None:
    # With two quotation marks; each of the last two letters is two bytes.
    text = "x" * (letters - 4) + "\u00e9\u00e9"
    branch = {"StartAt": "Say", "States": {"Say": {"Type": "Pass", "Result": text, "End": True}}}
    work = {"Type": "Parallel", "Branches": [branch], "ResultSelector": {}, "Catch": CATCH_ALL, "End": True}
    found, _ = ended(cloud, f"bytes-{letters}", {"Work": work, "Caught": {"Type": "Succeed"}})
    assert found["status"] == status
    assert status == "SUCCEEDED" or found["error"] == "States.DataLimitExceeded"


def test_an_execution_takes_an_input_of_262144_bytes_and_no_more(cloud: LocalCloud, run: Run) -> None:
    done = {"Done": {"Type": "Succeed"}}
    # With two quotation marks.
    assert len(run(done, "x" * 262_142)) == 262_142
    client = cloud.client("stepfunctions")
    machine = client.create_state_machine(
        name="input", definition=json.dumps({"StartAt": "Done", "States": done}), roleArn=ROLE
    )
    with pytest.raises(ClientError, match=r"'input' failed to satisfy constraint.* less than or equal to 262144"):
        client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps("x" * 262_143))


def test_nothing_catches_a_path_that_leads_nowhere(cloud: LocalCloud) -> None:
    work = task("aws-sdk:glue:getCrawler", Parameters={"Name.$": "$.nowhere"}, Catch=CATCH_ALL, Retry=[], End=True)
    found, _ = ended(cloud, "nowhere", {"Work": work, "Caught": {"Type": "Succeed"}}, {})
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")


def test_output_that_is_text_is_described_as_json(cloud: LocalCloud, run: Run) -> None:
    assert run({"Say": {"Type": "Pass", "Result": "done"}}) == "done"


def test_reports_each_state_as_it_is_entered_and_left(cloud: LocalCloud) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}}
    machine = cloud.client("stepfunctions").create_state_machine(
        name="events", definition=json.dumps(definition), roleArn=ROLE
    )
    lines: list[str] = []
    cloud.execute(machine["stateMachineArn"], on_event=lines.append)
    assert lines == ["entered A", "left A", "entered B", "left B"]


def test_names_the_state_machine_that_does_not_exist(cloud: LocalCloud) -> None:
    missing = "arn:aws:states:us-east-1:123456789012:stateMachine:x"
    with pytest.raises(LocalCloudError, match=f"there is no state machine {missing}"):
        cloud.execute(missing)
