"""Streams that functions are mapped to, against what Lambda documents of them.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html,
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.kinesis.models import kinesis_backends

from local_cloud.cloud import LocalCloud
from tests.local_cloud.test_lambdas import ROLE, archive

ACCOUNT = "123456789012"
CODE = """
import json, time
def handler(event, context):
    print(json.dumps([time.time_ns(), event]))
    records = event["Records"]
    bad = [r for r in records if r.get("kinesis", {{}}).get("data") == "YmFk" or "bad" in str(r.get("dynamodb"))]
    {then}
"""
FAILS = "if bad: raise ValueError"
REPORTS = "return {'batchItemFailures': [{'itemIdentifier': r['kinesis']['sequenceNumber']} for r in bad]}"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        running.client("iam").create_role(RoleName="lambda", AssumeRolePolicyDocument="{}")
        yield running


class Stream:
    """A data stream, a function, and what it was handed."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.cloud, self.name = cloud, name
        cloud.client("kinesis").create_stream(StreamName=name, ShardCount=1)
        self.arn = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{name}"

    def put(self, *texts: str) -> None:
        for text in texts:
            self.cloud.client("kinesis").put_record(StreamName=self.name, PartitionKey="k", Data=text.encode())

    def map(self, then: str = "return None", *, source: str = "", **settings: Any) -> str:
        functions = self.cloud.client("lambda")
        functions.create_function(
            FunctionName=self.name,
            Runtime="python3.11",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": archive(index_py=CODE.format(then=then))},
            Timeout=120,
        )
        given = {**({} if ":sqs:" in source else {"StartingPosition": "TRIM_HORIZON"}), **settings}
        mapped = functions.create_event_source_mapping(
            FunctionName=self.name, EventSourceArn=source or self.arn, **given
        )
        uuid: str = mapped["UUID"]
        return uuid

    @property
    def events(self) -> list[list[dict[str, Any]]]:
        """The records of each invocation."""
        logs, group = self.cloud.client("logs"), f"/aws/lambda/{self.name}"
        try:
            found = logs.filter_log_events(logGroupName=group, limit=1000)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        printed = [json.loads(one["message"]) for one in found if one["message"].startswith("[")]
        return [event["Records"] for _, event in sorted(printed, key=lambda each: each[0])]

    @property
    def batches(self) -> list[list[str]]:
        """The texts of each invocation."""
        return [[base64.b64decode(one["kinesis"]["data"]).decode() for one in event] for event in self.events]


@pytest.fixture
def stream(cloud: LocalCloud, request: pytest.FixtureRequest) -> Stream:
    return Stream(cloud, request.node.name.replace("[", "-").replace("]", "")[-60:].strip("-_"))


@pytest.fixture
def queue(cloud: LocalCloud, stream: Stream) -> dict[str, str]:
    url = cloud.client("sqs").create_queue(QueueName=stream.name)["QueueUrl"]
    return {"url": url, "arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{stream.name}"}


def messages(cloud: LocalCloud, queue: dict[str, str]) -> list[dict[str, Any]]:
    found = cloud.client("sqs").receive_message(QueueUrl=queue["url"], MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


def test_records_come_once_in_order_and_in_batches(cloud: LocalCloud, stream: Stream) -> None:
    stream.put("a", "b", "c")
    stream.map(BatchSize=2, MaximumBatchingWindowInSeconds=300)
    cloud.drain()
    assert stream.batches == [["a", "b"], ["c"]]
    record = stream.events[0][0]
    assert abs(record["kinesis"].pop("approximateArrivalTimestamp") - time.time()) < 600
    assert record == {
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "k", "sequenceNumber": "1", "data": "YQ=="},
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000000:1",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": ROLE,
        "awsRegion": "us-east-1",
        "eventSourceARN": stream.arn,
    }


@pytest.mark.parametrize("position", ["LATEST", "AT_TIMESTAMP"])
def test_a_mapping_begins_where_it_says(cloud: LocalCloud, stream: Stream, position: str) -> None:
    stream.put("before")
    kinesis_backends[ACCOUNT]["us-east-1"].streams[stream.name].shards["shardId-000000000000"].records[
        1
    ].created_at -= 100
    moment: dict[str, Any] = {"StartingPositionTimestamp": time.time() - 50} if position == "AT_TIMESTAMP" else {}
    stream.map(StartingPosition=position, **moment)
    stream.put("after")
    cloud.drain()
    assert [text for batch in stream.batches for text in batch] == ["after"]


def test_a_batch_that_fails_is_tried_again_then_told_to_the_destination_and_others_wait_for_it(
    cloud: LocalCloud, stream: Stream, queue: dict[str, str]
) -> None:
    stream.put("bad", "good", "later")
    destination = {"OnFailure": {"Destination": queue["arn"]}}
    stream.map(FAILS, BatchSize=2, MaximumRetryAttempts=1, DestinationConfig=destination)
    cloud.drain()
    assert stream.batches == [["bad", "good"], ["bad", "good"], ["later"]]
    (told,) = messages(cloud, queue)
    context, batch = told["requestContext"], told["KinesisBatchInfo"]
    assert context["condition"] == "RetryAttemptsExhausted"
    assert context["approximateInvokeCount"] == 2
    assert context["functionArn"].endswith(f":function:{stream.name}")
    assert told["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert (batch["startSequenceNumber"], batch["endSequenceNumber"], batch["batchSize"]) == ("1", "2", 2)
    assert (batch["shardId"], batch["streamArn"]) == ("shardId-000000000000", stream.arn)


def test_a_batch_is_split_until_only_what_fails_is_discarded(
    cloud: LocalCloud, stream: Stream, queue: dict[str, str]
) -> None:
    stream.put("a", "b", "bad", "c")
    destination = {"OnFailure": {"Destination": queue["arn"]}}
    stream.map(
        FAILS, BatchSize=4, BisectBatchOnFunctionError=True, MaximumRetryAttempts=0, DestinationConfig=destination
    )
    cloud.drain()
    # A split takes no retry.
    assert stream.batches == [["a", "b", "bad", "c"], ["a", "b"], ["bad", "c"], ["bad"], ["c"]]
    (told,) = messages(cloud, queue)
    assert told["KinesisBatchInfo"]["startSequenceNumber"] == told["KinesisBatchInfo"]["endSequenceNumber"] == "3"


def test_a_bucket_is_given_the_discarded_records_themselves(cloud: LocalCloud, stream: Stream) -> None:
    objects, bucket = cloud.client("s3"), "discarded-batches"
    objects.create_bucket(Bucket=bucket)
    stream.put("good", "bad")
    destination = {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    mapping = stream.map(FAILS, BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=destination)
    cloud.drain()
    (found,) = objects.list_objects_v2(Bucket=bucket)["Contents"]
    name = r"\d{4}/\d\d/\d\d/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}"
    assert re.fullmatch(f"aws/lambda/{mapping}/shardId-000000000000/{name}", found["Key"])
    told = json.loads(objects.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert told["KinesisBatchInfo"]["batchSize"] == 1
    (record,) = told["payload"]["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == b"bad"


def test_a_function_that_reports_failures_begins_again_at_the_first(cloud: LocalCloud, stream: Stream) -> None:
    stream.put("a", "bad", "b", "bad", "c")
    stream.map(REPORTS, BatchSize=10, MaximumRetryAttempts=1, FunctionResponseTypes=["ReportBatchItemFailures"])
    cloud.drain()
    assert stream.batches == [["a", "bad", "b", "bad", "c"], ["bad", "b", "bad", "c"]]


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        ("None", 1),
        ("{}", 1),
        ("{'batchItemFailures': None}", 1),
        ("{'batchItemFailures': [{'itemIdentifier': ''}]}", 2),
    ],
    ids=["null", "empty", "none", "nameless"],
)
def test_an_answer_is_success_or_failure_as_documented(
    cloud: LocalCloud, stream: Stream, answer: str, tries: int
) -> None:
    stream.put("a")
    stream.map(f"return {answer}", MaximumRetryAttempts=1, FunctionResponseTypes=["ReportBatchItemFailures"])
    cloud.drain()
    assert len(stream.batches) == tries


def test_records_that_are_too_old_are_discarded(cloud: LocalCloud, stream: Stream, queue: dict[str, str]) -> None:
    stream.put("old", "new")
    shards = kinesis_backends[ACCOUNT]["us-east-1"].streams[stream.name].shards
    shards["shardId-000000000000"].records[1].created_at -= 100
    stream.map(MaximumRecordAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": queue["arn"]}})
    cloud.drain()
    assert stream.batches == [["new"]]
    (told,) = messages(cloud, queue)
    assert told["requestContext"]["condition"] == "RecordAgeExceeded"


def test_a_batch_that_may_fail_for_ever_does_not_hold_up_a_drain_and_keeps_its_place(
    cloud: LocalCloud, stream: Stream
) -> None:
    stream.put("bad", "good")
    uuid = stream.map(FAILS, BatchSize=1)
    cloud.drain()
    assert set(map(tuple, stream.batches)) == {("bad",)}
    cloud.client("lambda").delete_event_source_mapping(UUID=uuid)


def test_filters_choose_the_records(cloud: LocalCloud, stream: Stream) -> None:
    stream.put('{"kind": "order"}', '{"kind": "other"}', "no JSON")
    wanted = {"Filters": [{"Pattern": json.dumps({"data": {"kind": ["order"]}})}]}
    stream.map(FilterCriteria=wanted)
    cloud.drain()
    assert stream.batches == [['{"kind": "order"}']]


def test_messages_that_pass_no_filter_leave_the_queue(cloud: LocalCloud, stream: Stream) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="filtered", Attributes={"VisibilityTimeout": "120"})["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:filtered"
    for body in ('{"price": 2}', '{"price": 1}', "no JSON"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    pattern = json.dumps({"body": {"price": [{"numeric": [">", 1]}]}})
    stream.map(source=arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    cloud.drain()
    assert [record["body"] for event in stream.events for record in event] == ['{"price": 2}']
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    assert set(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()) == {"0"}


def test_changes_of_a_table_come_once_in_order_and_may_be_filtered(cloud: LocalCloud, stream: Stream) -> None:
    dynamodb = cloud.client("dynamodb")
    table = dynamodb.create_table(
        TableName="changes",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    for number in ("1", "2"):
        dynamodb.put_item(TableName="changes", Item={"id": {"S": "a"}, "n": {"N": number}})
    dynamodb.delete_item(TableName="changes", Key={"id": {"S": "a"}})
    pattern = json.dumps({"eventName": ["INSERT", "REMOVE"]})
    stream.map(source=table["LatestStreamArn"], FilterCriteria={"Filters": [{"Pattern": pattern}]})
    cloud.drain()
    ((inserted, removed),) = stream.events
    assert (inserted["eventName"], removed["eventName"]) == ("INSERT", "REMOVE")
    assert inserted["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "n": {"N": "1"}}
    assert removed["dynamodb"]["OldImage"] == {"id": {"S": "a"}, "n": {"N": "2"}}
    assert inserted["eventSourceARN"] == table["LatestStreamArn"]
    assert isinstance(inserted["dynamodb"]["ApproximateCreationDateTime"], int)


def test_children_of_a_shard_come_after_it(cloud: LocalCloud, stream: Stream) -> None:
    stream.put("parent")
    cloud.client("kinesis").update_shard_count(
        StreamName=stream.name, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
    )
    stream.put("child")
    stream.map(BatchSize=10)
    cloud.drain()
    assert stream.batches == [["parent"], ["child"]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"TumblingWindowInSeconds": 60}, "TumblingWindowInSeconds of an event source mapping is not supported"),
        (
            {"DestinationConfig": {"OnFailure": {"Destination": "kafka://failed"}}},
            "OnFailure kafka://failed of an event",
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"data": "x"}'}]}}, "Invalid filter pattern definition"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "x"}]}}, "Invalid filter pattern definition"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"data": [{"wildcard": "x*"}]}'}]}}, "wildcard in a filter"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}] * 11}}, "11 filters, at most 10"),
        ({"MaximumRecordAgeInSeconds": 59}, "MaximumRecordAgeInSeconds must be from 60 to 604800, got 59"),
        ({"ParallelizationFactor": 11}, "ParallelizationFactor must be from 1 to 10, got 11"),
        ({"StartingPosition": "AT_TIMESTAMP"}, "AT_TIMESTAMP needs a StartingPositionTimestamp"),
    ],
    ids=["window", "destination", "leaf", "text", "wildcard", "eleven", "age", "factor", "moment"],
)
def test_what_lambda_or_the_local_cloud_does_not_do_is_refused_by_name(
    stream: Stream, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=f"InvalidParameterValueException.*{message}"):
        stream.map(**settings)


def test_a_mapping_goes_on_where_it_was_after_a_stop(cloud: LocalCloud) -> None:
    stream = Stream(cloud, "kept")
    stream.put("a")
    stream.map()
    cloud.drain()
    cloud.stop(keep=True)
    cloud.start()
    stream.put("b")
    cloud.drain()
    assert [text for batch in stream.batches for text in batch] == ["a", "b"]
