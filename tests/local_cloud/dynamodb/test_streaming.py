"""Changes in Kinesis and in the table's own stream, against records that DynamoDB has written."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.dynamodb.conftest import key

# A record that DynamoDB wrote into Kinesis for an item of the table of the fixture.
SEEN = {
    "awsRegion": "us-east-1",
    "eventID": "b015b5f0-c095-4b50-8ad0-4279aa3d88c6",
    "eventName": "INSERT",
    "userIdentity": None,
    "recordFormat": "application/json",
    "tableName": "table-testdrive",
    "dynamodb": {
        "ApproximateCreationDateTime": 1720740233012995,
        "Keys": {"device": {"S": "foo"}, "timestamp": {"S": "2024-07-12T01:17:42"}},
        "NewImage": {
            "humidity": {"N": "84.84"},
            "temperature": {"N": "42.42"},
            "device": {"S": "foo"},
            "timestamp": {"S": "2024-07-12T01:17:42"},
        },
        "SizeBytes": 99,
        "ApproximateCreationDateTimePrecision": "MICROSECOND",
    },
    "eventSource": "aws:dynamodb",
}


@pytest.fixture
def stream(cloud: LocalCloud, table: str) -> Any:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=table, ShardCount=1)
    yield kinesis.describe_stream(StreamName=table)["StreamDescription"]["StreamARN"]
    kinesis.delete_stream(StreamName=table)


Arrived = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def arrived(cloud: LocalCloud, table: str, stream: str) -> Arrived:
    """Return the changes that have arrived in the stream."""
    kinesis = cloud.client("kinesis")

    def arrived() -> list[dict[str, Any]]:
        (shard,) = kinesis.list_shards(StreamName=table)["Shards"]
        position = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(StreamName=table, **position)["ShardIterator"]
        return [json.loads(record["Data"]) for record in kinesis.get_records(ShardIterator=iterator)["Records"]]

    return arrived


def enable(cloud: LocalCloud, table: str, stream: str, **configuration: Any) -> None:
    dynamodb = cloud.client("dynamodb")
    enabled = dynamodb.enable_kinesis_streaming_destination(TableName=table, StreamArn=stream, **configuration)
    assert enabled["DestinationStatus"] == "ENABLING"


def test_a_change_arrives_as_dynamodb_writes_it(cloud: LocalCloud, table: str, stream: str, arrived: Arrived) -> None:
    enable(cloud, table, stream)
    before = time.time_ns() // 1000
    cloud.client("dynamodb").put_item(TableName=table, Item=SEEN["dynamodb"]["NewImage"])  # type: ignore[index]
    (record,) = arrived()
    assert before <= record["dynamodb"]["ApproximateCreationDateTime"] <= time.time_ns() // 1000
    record["dynamodb"]["ApproximateCreationDateTime"] = 1720740233012995
    assert record == {**SEEN, "tableName": table, "eventID": record["eventID"]}
    assert list(record["dynamodb"]) == list(SEEN["dynamodb"])  # type: ignore[arg-type]


def test_each_write_is_one_change(cloud: LocalCloud, table: str, stream: str, arrived: Arrived) -> None:
    enable(cloud, table, stream)
    dynamodb = cloud.client("dynamodb")

    def update(number: int) -> None:
        values = {":v": {"N": str(number)}}
        expression = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": values}
        dynamodb.update_item(TableName=table, Key=key("a"), **expression)

    update(1)  # makes the item
    update(2)
    update(2)  # changes nothing: no record
    dynamodb.delete_item(TableName=table, Key=key("a"))
    dynamodb.delete_item(TableName=table, Key=key("a"))
    writes = [{"PutRequest": {"Item": key(device)}} for device in ("b", "c")]
    dynamodb.batch_write_item(RequestItems={table: [*writes, {"DeleteRequest": {"Key": key("d")}}]})
    put, delete = {"TableName": table, "Item": key("e")}, {"TableName": table, "Key": key("b")}
    dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Delete": delete}])
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": key("f")}},
                {
                    "ConditionCheck": {
                        "TableName": table,
                        "Key": key("missing"),
                        "ConditionExpression": "attribute_exists(device)",
                    }
                },
            ]
        )
    found = [(record["eventName"], record["dynamodb"]["Keys"]["device"]["S"]) for record in arrived()]
    made = [("INSERT", "a"), ("MODIFY", "a"), ("REMOVE", "a"), ("INSERT", "b"), ("INSERT", "c")]
    assert found == [*made, ("INSERT", "e"), ("REMOVE", "b")]
    images = [
        {name: record["dynamodb"].get(name, {}).get("v") for name in ("OldImage", "NewImage")} for record in arrived()
    ]
    assert images[1] == {"OldImage": {"N": "1"}, "NewImage": {"N": "2"}}


def test_what_is_written_at_once_is_not_lost(cloud: LocalCloud, table: str, stream: str, arrived: Arrived) -> None:
    enable(cloud, table, stream)

    def count() -> None:
        dynamodb = cloud.client("dynamodb")
        expression = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
        for _ in range(20):
            dynamodb.update_item(TableName=table, Key=key(), **expression)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    item = cloud.client("dynamodb").get_item(TableName=table, Key=key())["Item"]
    assert item["n"] == {"N": "80"}
    assert [record["dynamodb"]["NewImage"]["n"]["N"] for record in arrived()] == [str(n) for n in range(1, 81)]


def test_a_destination_can_be_changed_and_disabled(
    cloud: LocalCloud, table: str, stream: str, arrived: Arrived
) -> None:
    dynamodb = cloud.client("dynamodb")
    precision = {"ApproximateCreationDateTimePrecision": "MILLISECOND"}
    enable(cloud, table, stream, EnableKinesisStreamingConfiguration=precision)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        enable(cloud, table, stream)
    dynamodb.put_item(TableName=table, Item=key("a"))
    dynamodb.update_kinesis_streaming_destination(
        TableName=table,
        StreamArn=stream,
        UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"},
    )
    dynamodb.put_item(TableName=table, Item=key("b"))
    dynamodb.disable_kinesis_streaming_destination(TableName=table, StreamArn=stream)
    dynamodb.put_item(TableName=table, Item=key("c"))
    lengths = [len(str(record["dynamodb"]["ApproximateCreationDateTime"])) for record in arrived()]
    assert lengths == [13, 16]
    (found,) = dynamodb.describe_kinesis_streaming_destination(TableName=table)["KinesisDataStreamDestinations"]
    assert (found["StreamArn"], found["DestinationStatus"]) == (stream, "DISABLED")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        dynamodb.disable_kinesis_streaming_destination(TableName=table, StreamArn=stream)


def test_a_stream_must_exist(cloud: LocalCloud, table: str) -> None:
    missing = "arn:aws:kinesis:us-east-1:123456789012:stream/missing"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        enable(cloud, table, missing)
    with pytest.raises(ClientError, match="Table: missing not found"):
        cloud.client("dynamodb").describe_kinesis_streaming_destination(TableName="missing")


def test_an_expired_item_stays_until_the_cloud_is_drained(
    cloud: LocalCloud, table: str, stream: str, arrived: Arrived
) -> None:
    dynamodb = cloud.client("dynamodb")
    enable(cloud, table, stream)
    specification = {"Enabled": True, "AttributeName": "until"}
    dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)
    now = int(time.time())
    times = {"past": now - 60, "future": now + 600, "ancient": now - 6 * 365 * 86_400}
    for device, moment in times.items():
        dynamodb.put_item(TableName=table, Item={**key(device), "until": {"N": str(moment)}})
    dynamodb.put_item(TableName=table, Item={**key("text"), "until": {"S": str(now - 60)}})
    assert dynamodb.scan(TableName=table)["Count"] == 4
    cloud.drain()
    left = {item["device"]["S"] for item in dynamodb.scan(TableName=table)["Items"]}
    assert left == {"future", "ancient", "text"}
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
    assert arrived()[-1]["eventName"] == "REMOVE"
    assert arrived()[-1]["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_the_own_stream_of_a_table_has_each_change_once(cloud: LocalCloud, table: str) -> None:
    dynamodb, streams = cloud.client("dynamodb"), cloud.client("dynamodbstreams")
    specification = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.update_table(TableName=table, StreamSpecification=specification)
    arn = dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    values = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"B": b"\x01"}}}
    dynamodb.update_item(TableName=table, Key=key(), **values)
    dynamodb.delete_item(TableName=table, Key=key())
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    position = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = streams.get_shard_iterator(StreamArn=arn, **position)["ShardIterator"]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "REMOVE"]
    assert records[0]["dynamodb"]["NewImage"] == {**key(), "v": {"B": b"\x01"}}
    assert records[1]["dynamodb"]["OldImage"] == {**key(), "v": {"B": b"\x01"}}


def test_changes_go_to_the_children_of_a_shard_that_was_split(cloud: LocalCloud, table: str, stream: str) -> None:
    enable(cloud, table, stream)
    dynamodb, kinesis = cloud.client("dynamodb"), cloud.client("kinesis")
    dynamodb.put_item(TableName=table, Item=key("before"))
    (parent,) = [shard["ShardId"] for shard in kinesis.list_shards(StreamName=table)["Shards"]]
    kinesis.split_shard(StreamName=table, ShardToSplit=parent, NewStartingHashKey=str(2**127))
    for number in range(20):
        dynamodb.put_item(TableName=table, Item=key(str(number)))
    found = []
    for shard in kinesis.list_shards(StreamName=table)["Shards"]:
        position = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(StreamName=table, **position)["ShardIterator"]
        found.append(len(kinesis.get_records(ShardIterator=iterator)["Records"]))
    assert found[0] == 1
    assert sum(found[1:]) == 20
    assert min(found[1:]) > 0
