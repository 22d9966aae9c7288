"""Topic rules: messages by the API of the data plane go to streams, deliveries, buckets, queues and tables."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.engines.iot.topics import fits

ROLE = "arn:aws:iam::123456789012:role/rule"
VERSION = {"awsIotSqlVersion": "2016-03-23"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        for name in ("raw", "failed"):
            running.client("s3").create_bucket(Bucket=name)
        yield running


def to_bucket(bucket: str, key: str) -> dict[str, Any]:
    return {"s3": {"roleArn": ROLE, "bucketName": bucket, "key": key}}


class Rule:
    """A rule, and messages that are published for it."""

    def __init__(self, cloud: LocalCloud, name: str, *actions: dict[str, Any], sql: str = "", **options: Any) -> None:
        self._cloud, self.name = cloud, name
        payload = {"sql": sql or f"SELECT * FROM '{name}/+'", "actions": list(actions), **VERSION, **options}
        cloud.client("iot").create_topic_rule(ruleName=name, topicRulePayload=payload)

    def publish(self, *contents: Any, topic: str = "") -> None:
        for content in contents:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self._cloud.client("iot-data").publish(topic=topic or f"{self.name}/d1", payload=body)


def objects(cloud: LocalCloud, bucket: str, prefix: str) -> dict[str, bytes]:
    s3 = cloud.client("s3")
    found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found}


def records(cloud: LocalCloud, stream: str) -> list[dict[str, Any]]:
    kinesis = cloud.client("kinesis")
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    place = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    found: list[dict[str, Any]] = kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"]
    return found


def test_what_a_rule_selects_becomes_records_of_a_stream(cloud: LocalCloud) -> None:
    cloud.client("kinesis").create_stream(StreamName="telemetry", ShardCount=1)
    action = {"kinesis": {"roleArn": ROLE, "streamName": "telemetry", "partitionKey": "${topic(2)}"}}
    sql = "SELECT *, topic(2) AS device FROM 'dt/+/telemetry' WHERE temp < 200"
    rule = Rule(cloud, "telemetry", action, sql=sql)
    for device, temp in (("d1", 20), ("d2", 250), ("d2", 21)):
        rule.publish({"temp": temp}, topic=f"dt/{device}/telemetry")
    rule.publish({"temp": 1}, topic="dt/d1/other")
    found = [(one["PartitionKey"], json.loads(one["Data"])) for one in records(cloud, "telemetry")]
    assert found == [("d1", {"temp": 20, "device": "d1"}), ("d2", {"temp": 21, "device": "d2"})]
    assert {call.action for call in cloud.calls if call.role == ROLE} >= {"kinesis:PutRecord"}


def test_a_message_becomes_an_object_whose_key_is_filled(cloud: LocalCloud) -> None:
    rule = Rule(cloud, "keyed", to_bucket("raw", "keyed/${site}/${topic(2)}.json"))
    rule.publish({"site": "zurich"}, b"\xff")
    assert objects(cloud, "raw", "keyed/") == {
        "keyed/zurich/d1.json": b'{"site": "zurich"}',
        "keyed//d1.json": b"\xff",
    }


def test_a_message_becomes_a_record_of_a_delivery_or_several(cloud: LocalCloud) -> None:
    destination = {
        "RoleARN": ROLE,
        "BucketARN": "arn:aws:s3:::raw",
        "Prefix": "delivered/",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 60},
    }
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName="delivery", DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=destination
    )
    action = {"roleArn": ROLE, "deliveryStreamName": "delivery", "separator": "\n"}
    Rule(cloud, "one", {"firehose": action}).publish({"n": 1})
    Rule(cloud, "many", {"firehose": {**action, "batchMode": True}}).publish([{"n": 2}, {"n": 3.5}], {"n": 4})
    cloud.drain()
    [content] = objects(cloud, "raw", "delivered/").values()
    assert [json.loads(line) for line in content.splitlines()] == [{"n": 1}, {"n": 2}, {"n": 3.5}, {"n": 4}]


def test_a_message_goes_to_a_queue_and_becomes_an_item(cloud: LocalCloud) -> None:
    url = cloud.client("sqs").create_queue(QueueName="messages")["QueueUrl"]
    cloud.client("dynamodb").create_table(
        TableName="devices",
        KeySchema=[{"AttributeName": "device", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "device", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    queue = {"sqs": {"roleArn": ROLE, "queueUrl": url, "useBase64": True}}
    table = {"dynamoDBv2": {"roleArn": ROLE, "putItem": {"tableName": "devices"}}}
    Rule(cloud, "both", queue, table).publish({"device": "d1", "temp": 21.5, "tags": ["a"], "on": True})
    [found] = cloud.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(base64.b64decode(found["Body"]))["temp"] == 21.5
    [item] = cloud.client("dynamodb").scan(TableName="devices")["Items"]
    assert item == {"device": {"S": "d1"}, "temp": {"N": "21.5"}, "tags": {"L": [{"S": "a"}]}, "on": {"BOOL": True}}


def test_the_error_action_is_told_once_of_what_failed(cloud: LocalCloud) -> None:
    missing = {"kinesis": {"roleArn": ROLE, "streamName": "missing", "partitionKey": "x"}}
    actions = (missing, to_bucket("missing", "x"), to_bucket("raw", "partly/${newuuid()}"))
    rule = Rule(cloud, "broken", *actions, errorAction=to_bucket("failed", "broken/${topic(2)}"))
    rule.publish({"temp": 1})
    assert len(objects(cloud, "raw", "partly/")) == 1
    told = json.loads(objects(cloud, "failed", "broken/")["broken/d1"])
    assert base64.b64decode(told["base64OriginalPayload"]) == b'{"temp": 1}'
    assert (told["ruleName"], told["topic"], told["clientId"]) == ("broken", "broken/d1", "n/a")
    failed = [(one["failedAction"], one["failedResource"]) for one in told["failures"]]
    assert failed == [("KinesisAction", "missing"), ("S3Action", "missing")]
    assert "ResourceNotFoundException" in told["failures"][0]["errorMessage"]


def test_basic_ingest_finds_a_rule_by_its_name_alone(cloud: LocalCloud) -> None:
    rule = Rule(cloud, "direct", to_bucket("raw", "direct/${topic(1)}"), sql="SELECT n")
    rule.publish({"n": 1, "m": 2}, topic="$aws/rules/direct/d7")
    rule.publish({"n": 1}, topic="$aws/rules/other/d8")
    rule.publish({"n": 1}, topic="direct/d9")
    assert objects(cloud, "raw", "direct/") == {"direct/d7": b'{"n":1}'}


def test_a_disabled_rule_acts_on_nothing(cloud: LocalCloud) -> None:
    rule = Rule(cloud, "paused", to_bucket("raw", "paused/x"), ruleDisabled=True)
    rule.publish({"n": 1})
    assert not objects(cloud, "raw", "paused/")
    cloud.client("iot").enable_topic_rule(ruleName="paused")
    rule.publish({"n": 2})
    assert list(objects(cloud, "raw", "paused/").values()) == [b'{"n": 2}']


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"sql": "SELECT get_secret('a') AS x FROM 'a'"}, r"SqlParseException.*get_secret\(\) is not evaluated"),
        ({"awsIotSqlVersion": "2015-10-08"}, "evaluates awsIotSqlVersion 2016-03-23 alone"),
        ({"actions": [{"lambda": {"functionArn": "f"}}]}, "has no action lambda, only dynamoDBv2, firehose, kinesis"),
        ({"actions": [{"s3": {**to_bucket("raw", "x")["s3"], "cannedAcl": "private"}}]}, "does not act on cannedAcl"),
        ({"actions": [to_bucket("raw", "${md2(x)}")]}, r"SqlParseException.*md2\(\) is not evaluated"),
        ({"actions": [to_bucket("raw", "x")] * 11}, "A rule may have at most 10 actions"),
        ({"errorAction": {"lambda": {"functionArn": "f"}}}, "has no action lambda"),
    ],
)
def test_a_rule_that_would_not_be_acted_on_is_refused_by_name(
    cloud: LocalCloud, options: dict[str, Any], reason: str
) -> None:
    payload = {"sql": "SELECT * FROM 'a'", "actions": [], **VERSION, **options}
    with pytest.raises(ClientError, match=reason):
        cloud.client("iot").create_topic_rule(ruleName="refused", topicRulePayload=payload)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("a/b/c/d/e/f/g/h/i", b"{}", "at most 8 levels"),
        ("a/+", b"{}", r"neither \+ nor #"),
        ("a", b"x" * 131_073, "at most 131072 bytes"),
    ],
)
def test_a_message_beyond_the_limits_is_refused(cloud: LocalCloud, topic: str, payload: bytes, reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        cloud.client("iot-data").publish(topic=topic, payload=payload)


def test_a_message_whose_evaluation_is_not_documented_is_refused(cloud: LocalCloud) -> None:
    rule = Rule(cloud, "divided", to_bucket("raw", "divided/x"), sql="SELECT n / 2 AS half FROM 'divided/+'")
    with pytest.raises(ClientError, match="cannot evaluate the rule divided: the division of integers"):
        rule.publish({"n": 7})


@pytest.mark.parametrize(
    ("topic_filter", "topic", "fit"),
    [
        ("dt/+/telemetry", "dt/d1/telemetry", True),
        ("dt/+/telemetry", "dt/d1/x/telemetry", False),
        ("dt/+", "dt", False),
        ("dt/#", "dt/d1/telemetry", True),
        ("dt/#", "dt", True),
        ("dt/a/#", "dt", False),
        ("#", "dt/d1", True),
        ("#", "$aws/things/t/shadow/update", False),
        ("$aws/things/+/shadow/update", "$aws/things/t/shadow/update", True),
    ],
)
def test_wildcards_stand_for_levels(topic_filter: str, topic: str, fit: bool) -> None:
    assert fits(topic_filter, topic) is fit
