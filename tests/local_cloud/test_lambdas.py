"""Handlers run as in AWS: their code, environment, errors, time and logs."""

from __future__ import annotations

import base64
import io
import json
import re
import textwrap
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.engines.lambda_functions.engine import LambdaEngine, LambdaError

ROLE = "arn:aws:iam::123456789012:role/lambda"

Create = Callable[..., str]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        running.client("iam").create_role(RoleName="lambda", AssumeRolePolicyDocument="{}")
        yield running


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in files.items():
            file.writestr(name.replace("__", "/").replace("_py", ".py").replace("_js", ".js"), text)
    return buffer.getvalue()


@pytest.fixture
def create(cloud: LocalCloud, request: pytest.FixtureRequest) -> Create:
    def create(code: str, *, file: str = "index_py", runtime: str = "python3.11", **more: Any) -> str:
        name = f"{request.node.originalname[:55]}-{zlib.crc32(request.node.name.encode()):08x}"
        cloud.client("lambda").create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": archive(**{file: code})},
            **more,
        )
        return name

    return create


def invoke(cloud: LocalCloud, name: str, event: Any = None, **more: Any) -> dict[str, Any]:
    response: dict[str, Any] = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **more)
    response["Payload"] = response["Payload"].read()
    return response


def test_returns_what_the_handler_returns(cloud: LocalCloud, create: Create) -> None:
    name = create("def handler(event, context):\n    return {'twice': event['n'] * 2}")
    response = invoke(cloud, name, {"n": 21})
    assert json.loads(response["Payload"]) == {"twice": 42}
    assert "FunctionError" not in response


@pytest.mark.parametrize(
    "setting",
    [
        {"MaximumRetryAttempts": 3},
        {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:q"}}},
    ],
)
def test_a_setting_of_streams_is_refused_for_a_queue(
    cloud: LocalCloud, create: Create, setting: dict[str, Any]
) -> None:
    functions = cloud.client("lambda")
    queue = cloud.client("sqs").create_queue(QueueName="source")["QueueUrl"]
    arn = cloud.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    given = {"FunctionName": create("def handler(event, context): ..."), "EventSourceArn": arn}
    refused = f"InvalidParameterValueException.*{next(iter(setting))} of a mapping is not for queues"
    with pytest.raises(ClientError, match=refused):
        functions.create_event_source_mapping(**given, **setting)
    mapping = functions.create_event_source_mapping(**given, MaximumRetryAttempts=-1, FilterCriteria={})["UUID"]
    with pytest.raises(ClientError, match=refused):
        functions.update_event_source_mapping(UUID=mapping, **setting)


def test_tells_the_handler_who_and_where_it_is(cloud: LocalCloud, create: Create) -> None:
    name = create(
        "import os\ndef handler(event, context):\n    return [os.environ['MINE'], os.environ['AWS_REGION'],"
        " os.environ['AWS_LAMBDA_FUNCTION_NAME'], context.function_name, context.get_remaining_time_in_millis() > 0]",
        Environment={"Variables": {"MINE": "yes"}},
    )
    assert json.loads(invoke(cloud, name)["Payload"]) == ["yes", "us-east-1", name, name, True]


def test_the_handler_finds_the_cloud_by_itself(cloud: LocalCloud, create: Create) -> None:
    cloud.client("s3").create_bucket(Bucket="written")
    name = create(
        "import boto3\ndef handler(event, context):\n"
        "    boto3.client('s3').put_object(Bucket='written', Key='k', Body=b'from the handler')",
        Timeout=30,
    )
    assert json.loads(invoke(cloud, name)["Payload"]) is None
    assert cloud.client("s3").get_object(Bucket="written", Key="k")["Body"].read() == b"from the handler"


def test_reports_an_exception_with_its_type_message_and_place(cloud: LocalCloud, create: Create) -> None:
    name = create("def handler(event, context):\n    raise ValueError('too small')")
    response = invoke(cloud, name)
    error = json.loads(response["Payload"])
    assert response["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "too small")
    assert "index.py" in error["stackTrace"][0]


@pytest.mark.parametrize(
    ("code", "error_type", "message"),
    [
        ("import nowhere\n", "Runtime.ImportModuleError", "Unable to import module 'index': No module named 'nowhere'"),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ("def handler(e, c):\n    return {1, 2}", "Runtime.MarshalError", "Unable to marshal response"),
        ("import os\ndef handler(e, c):\n    os._exit(3)", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_reports_what_kept_the_handler_from_running(
    cloud: LocalCloud, create: Create, code: str, error_type: str, message: str
) -> None:
    error = json.loads(invoke(cloud, create(code))["Payload"])
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]


def test_ends_a_handler_that_takes_too_long(cloud: LocalCloud, create: Create) -> None:
    name = create("import time\ndef handler(event, context):\n    time.sleep(30)", Timeout=1)
    response = invoke(cloud, name)
    assert response["FunctionError"] == "Unhandled"
    assert json.loads(response["Payload"])["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_a_handler_that_takes_too_long_ends_with_what_it_started(
    cloud: LocalCloud, create: Create, has_ended: Callable[[int], bool]
) -> None:
    code = """
        import subprocess, time
        def handler(event, context):
            print("child", subprocess.Popen(["sleep", "600"]).pid)
            time.sleep(600)
    """
    tail = base64.b64decode(invoke(cloud, create(textwrap.dedent(code), Timeout=1), LogType="Tail")["LogResult"])
    child = re.search(r"child (\d+)", tail.decode())
    assert child
    assert has_ended(int(child[1]))


def test_returns_the_log_tail_and_keeps_the_log(cloud: LocalCloud, create: Create) -> None:
    name = create("def handler(event, context):\n    print('said aloud')")
    tail = base64.b64decode(invoke(cloud, name, LogType="Tail")["LogResult"]).decode()
    assert "said aloud" in tail
    events = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert "said aloud" in [event["message"] for event in events]


def test_does_not_wait_for_an_asynchronous_invocation(cloud: LocalCloud, create: Create) -> None:
    cloud.client("sqs").create_queue(QueueName="later")
    name = create(
        "import boto3, time\ndef handler(event, context):\n    q = boto3.client('sqs')\n"
        "    q.send_message(QueueUrl=q.get_queue_url(QueueName='later')['QueueUrl'], MessageBody='done')",
        Timeout=30,
    )
    assert invoke(cloud, name, InvocationType="Event")["StatusCode"] == 202
    url = cloud.client("sqs").get_queue_url(QueueName="later")["QueueUrl"]
    assert cloud.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]["Body"] == "done"


def test_uses_layers(cloud: LocalCloud, create: Create) -> None:
    layer = cloud.client("lambda").publish_layer_version(
        LayerName="lib", Content={"ZipFile": archive(python__lib_py="VALUE = 7")}
    )
    name = create("import lib\ndef handler(event, context):\n    return lib.VALUE", Layers=[layer["LayerVersionArn"]])
    assert json.loads(invoke(cloud, name)["Payload"]) == 7


def test_runs_new_code_after_an_update(cloud: LocalCloud, create: Create) -> None:
    name = create("def handler(event, context):\n    return 1")
    assert json.loads(invoke(cloud, name)["Payload"]) == 1
    code = archive(index_py="def handler(event, context):\n    return 2")
    cloud.client("lambda").update_function_code(FunctionName=name, ZipFile=code)
    assert json.loads(invoke(cloud, name)["Payload"]) == 2


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async (event) => ({ twice: event.n * 2 });",
        "exports.handler = (event, context, done) => done(null, { twice: event.n * 2 });",
    ],
)
def test_runs_javascript(cloud: LocalCloud, create: Create, code: str) -> None:
    name = create(code, file="index_js", runtime="nodejs22.x")
    assert json.loads(invoke(cloud, name, {"n": 4})["Payload"]) == {"twice": 8}


def test_reports_a_javascript_error(cloud: LocalCloud, create: Create) -> None:
    name = create(
        "exports.handler = async () => { throw new TypeError('no'); };", file="index_js", runtime="nodejs22.x"
    )
    response = invoke(cloud, name)
    assert response["FunctionError"] == "Unhandled"
    error = json.loads(response["Payload"])
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "no")


@pytest.mark.parametrize("suffix", ["", ":$LATEST"])
def test_an_engine_invokes_by_arn(cloud: LocalCloud, create: Create, suffix: str) -> None:
    name = create("def handler(event, context):\n    return event + 1")
    engine = LambdaEngine(cloud._running.runtime)
    assert engine.invoke(f"arn:aws:lambda:us-east-1:123456789012:function:{name}{suffix}", 1, "us-east-1") == 2


def test_an_engine_learns_that_the_handler_failed(cloud: LocalCloud, create: Create) -> None:
    name = create("def handler(event, context):\n    raise KeyError('k')")
    with pytest.raises(LambdaError, match="failed: KeyError: 'k'") as caught:
        LambdaEngine(cloud._running.runtime).invoke(name, {}, "us-east-1")
    assert caught.value.payload["errorType"] == "KeyError"


def test_a_state_machine_invokes_and_catches(cloud: LocalCloud, create: Create) -> None:
    name = create("def handler(event, context):\n    return {'n': event['n'] + 1, 'ratio': 1 / event['n']}")
    definition = {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": name, "Payload.$": "$"},
                "OutputPath": "$.Payload",
                "Catch": [{"ErrorEquals": ["ZeroDivisionError"], "Next": "Zero"}],
                "End": True,
            },
            "Zero": {"Type": "Pass", "Result": "zero", "End": True},
        },
    }
    machine = cloud.client("stepfunctions").create_state_machine(
        name="calls", definition=json.dumps(definition), roleArn=ROLE
    )
    assert cloud.execute(machine["stateMachineArn"], {"n": 4}) == {"n": 5, "ratio": 0.25}
    assert cloud.execute(machine["stateMachineArn"], {"n": 0}) == "zero"


@pytest.fixture
def queue(cloud: LocalCloud, request: pytest.FixtureRequest) -> dict[str, str]:
    """Return URLs and ARNs of a queue and its dead-letter queue, to which a second failure leads."""
    sqs, name = cloud.client("sqs"), f"q-{zlib.crc32(request.node.name.encode()):08x}"

    def arn(url: str) -> str:
        found: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return found

    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "3", "RedrivePolicy": policy})["QueueUrl"]
    return {"url": url, "arn": arn(url), "dead": dead, "bucket": name}


def recording(bucket: str, then: str) -> str:
    """Return a handler that keeps its event in a bucket, and goes on."""
    return (
        "import boto3, json, time\ndef handler(event, context):\n"
        f"    boto3.client('s3').put_object(Bucket='{bucket}', Key=str(time.time_ns()), Body=json.dumps(event))\n"
        f"    records = event['Records']\n    {then}"
    )


def events_of(cloud: LocalCloud, bucket: str) -> list[list[dict[str, Any]]]:
    s3 = cloud.client("s3")
    found = sorted(s3.list_objects_v2(Bucket=bucket).get("Contents", []), key=lambda item: int(item["Key"]))
    return [json.load(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"])["Records"] for item in found]


def test_the_messages_of_a_group_come_in_order_and_wait_for_the_one_that_fails(
    cloud: LocalCloud, create: Create, queue: dict[str, str]
) -> None:
    cloud.client("s3").create_bucket(Bucket=queue["bucket"])
    sqs, name = cloud.client("sqs"), f"{queue['bucket']}.fifo"
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "3"}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    first_time = "int(r['attributes']['ApproximateReceiveCount']) < 2 and r['body'] == 'a1' and 1 / 0"
    cloud.client("lambda").create_event_source_mapping(
        FunctionName=create(recording(queue["bucket"], f"[{first_time} for r in records]")),
        EventSourceArn=queue["arn"].replace(queue["bucket"], name),
        BatchSize=1,
    )
    for body in ("a1", "a2", "b1"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body[0])
    while len(events_of(cloud, queue["bucket"])) < 4:
        cloud.drain()
    bodies = [record["body"] for batch in events_of(cloud, queue["bucket"]) for record in batch]
    assert [body for body in bodies if body[0] == "a"] == ["a1", "a1", "a2"]
    assert bodies.count("b1") == 1


def test_no_message_is_lost_while_others_are_deleted(cloud: LocalCloud, create: Create, queue: dict[str, str]) -> None:
    cloud.client("s3").create_bucket(Bucket=queue["bucket"])
    sqs = cloud.client("sqs")
    cloud.client("lambda").create_event_source_mapping(
        FunctionName=create(recording(queue["bucket"], "return None")), EventSourceArn=queue["arn"]
    )
    bodies = [str(number) for number in range(60)]
    for body in bodies:
        sqs.send_message(QueueUrl=queue["url"], MessageBody=body)
    cloud.drain()
    found = [record["body"] for batch in events_of(cloud, queue["bucket"]) for record in batch]
    assert sorted(found, key=int) == bodies


BAD = "return {'batchItemFailures': [{'itemIdentifier': r['messageId']} for r in records if r['body'] == 'bad']}"


def test_messages_of_a_queue_come_in_batches_as_they_are(
    cloud: LocalCloud, create: Create, queue: dict[str, str]
) -> None:
    cloud.client("s3").create_bucket(Bucket=queue["bucket"])
    sqs, functions = cloud.client("sqs"), cloud.client("lambda")
    name = create(recording(queue["bucket"], "return None"))
    mapping = functions.create_event_source_mapping(
        FunctionName=name, EventSourceArn=queue["arn"], BatchSize=2, MaximumBatchingWindowInSeconds=300
    )["UUID"]
    kind = {"kind": {"DataType": "String", "StringValue": "a"}, "raw": {"DataType": "Binary", "BinaryValue": b"\xff"}}
    sent = [
        sqs.send_message(QueueUrl=queue["url"], MessageBody=body, MessageAttributes=kind if body == "one" else {})
        for body in ("one", "two", "three")
    ]
    cloud.drain()
    batches = events_of(cloud, queue["bucket"])
    assert sorted(len(batch) for batch in batches) == [1, 2]
    records = {record["body"]: record for batch in batches for record in batch}
    one = records["one"]
    assert one["messageAttributes"] == {
        "kind": {"stringValue": "a", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
        "raw": {"binaryValue": "/w==", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert (one["messageId"], one["md5OfBody"]) == (sent[0]["MessageId"], sent[0]["MD5OfMessageBody"])
    assert one["md5OfMessageAttributes"] == sent[0]["MD5OfMessageAttributes"]
    assert one["attributes"]["ApproximateReceiveCount"] == "1"
    assert abs(int(one["attributes"]["SentTimestamp"]) - time.time() * 1_000) < 600_000
    assert one["eventSourceARN"] == queue["arn"]
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    sqs.send_message(QueueUrl=queue["url"], MessageBody="disabled")
    functions.delete_event_source_mapping(UUID=mapping)
    cloud.drain()
    assert len(events_of(cloud, queue["bucket"])) == 2
    assert sqs.receive_message(QueueUrl=queue["url"])["Messages"][0]["Body"] == "disabled"


@pytest.mark.parametrize(
    ("answer", "dead"),
    [
        (("raise ValueError", []), {"good", "bad"}),
        (("return {'batchItemFailures': 'said without being asked'}", []), set()),
        ((BAD, ["ReportBatchItemFailures"]), {"bad"}),
        (("return {'batchItemFailures': []}", ["ReportBatchItemFailures"]), set()),
        (("return {'batchItemFailures': [{'itemIdentifier': ''}]}", ["ReportBatchItemFailures"]), {"good", "bad"}),
        (("return {'batchItemFailures': [{'id': 'x'}]}", ["ReportBatchItemFailures"]), {"good", "bad"}),
        (("return {'batchItemFailures': [{'itemIdentifier': []}]}", ["ReportBatchItemFailures"]), {"good", "bad"}),
        (("return {'batchItemFailures': 3}", ["ReportBatchItemFailures"]), {"good", "bad"}),
    ],
)
def test_messages_that_fail_come_again_and_then_to_the_dead_letter_queue(
    cloud: LocalCloud, create: Create, queue: dict[str, str], answer: tuple[str, list[str]], dead: set[str]
) -> None:
    then, types = answer
    cloud.client("s3").create_bucket(Bucket=queue["bucket"])
    sqs = cloud.client("sqs")
    cloud.client("lambda").create_event_source_mapping(
        FunctionName=create(recording(queue["bucket"], then)), EventSourceArn=queue["arn"], FunctionResponseTypes=types
    )
    entries = [{"Id": body, "MessageBody": body} for body in ("good", "bad")]
    sqs.send_message_batch(QueueUrl=queue["url"], Entries=entries)
    found: set[str] = set()
    while found != dead or not events_of(cloud, queue["bucket"]):
        found |= {m["Body"] for m in sqs.receive_message(QueueUrl=queue["dead"]).get("Messages", [])}
    cloud.drain()
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=names)["Attributes"]
    assert set(left.values()) == {"0"}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({}, "Queue visibility timeout: 3 seconds is less than Function timeout: 4 seconds"),
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0 if maximum batch size"),
    ],
)
def test_a_mapping_that_lambda_refuses_is_refused(
    cloud: LocalCloud, create: Create, queue: dict[str, str], setting: dict[str, Any], message: str
) -> None:
    name = create("def handler(event, context): ...", Timeout=3 if setting else 4)
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{message}"):
        cloud.client("lambda").create_event_source_mapping(FunctionName=name, EventSourceArn=queue["arn"], **setting)


def test_a_function_writes_to_the_log_group_that_it_is_given(cloud: LocalCloud, create: Create) -> None:
    code = "def handler(event, context):\n    print(context.log_group_name, event)"
    name = create(code, LoggingConfig={"LogGroup": "own"})
    invoke(cloud, name, 1)
    client = cloud.client("lambda")
    client.update_function_configuration(FunctionName=name, LoggingConfig={"LogGroup": "other"})
    assert client.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"] == "other"
    invoke(cloud, name, 2)
    logs = cloud.client("logs")
    said = {group: logs.filter_log_events(logGroupName=group)["events"] for group in ("own", "other")}
    found = {group: [one["message"].strip() for one in events] for group, events in said.items()}
    assert "own 1" in found["own"]
    assert "other 2" in found["other"]
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
    assert groups == []
