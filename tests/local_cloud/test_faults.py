"""Faults that a user injects: which calls they strike, and what the caller sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("faults")) as cloud:
        cloud.client("s3").create_bucket(Bucket="lake")
        cloud.client("s3").put_object(Bucket="lake", Key="a/b", Body=b"x")
        cloud.client("kinesis").create_stream(StreamName="events", ShardCount=1)
        cloud.client("sns").create_topic(Name="topic")
        yield cloud


TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
OBJECT = {"Bucket": "lake", "Key": "a/b"}
# One call of each protocol, and those of S3 that differ in nothing but parameters, headers or the method.
CALLS: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("glue", "GetDatabases"): lambda client: client.get_databases(),
    ("kinesis", "PutRecord"): lambda client: client.put_record(StreamName="events", PartitionKey="k", Data=b"x" * 9999),
    ("lambda", "ListFunctions"): lambda client: client.list_functions(),
    ("lambda", "GetFunction"): lambda client: client.get_function(FunctionName="arn:aws:lambda:eu-west-1:1:function:f"),
    ("sns", "Publish"): lambda client: client.publish(TopicArn=TOPIC, Message="m"),
    ("stepfunctions", "ListStateMachines"): lambda client: client.list_state_machines(),
    ("s3", "PutObject"): lambda client: client.put_object(**OBJECT, Body=b"y" * 1_000_000),
    ("s3", "GetObject"): lambda client: client.get_object(**OBJECT),
    ("s3", "GetObjectTagging"): lambda client: client.get_object_tagging(**OBJECT),
    ("s3", "CopyObject"): lambda client: client.copy_object(Bucket="lake", Key="c", CopySource=OBJECT),
    ("s3", "UploadPart"): lambda client: client.upload_part(**OBJECT, UploadId="any", PartNumber=1, Body=b"z"),
    ("s3", "ListObjects"): lambda client: client.list_objects(Bucket="lake"),
    ("s3", "ListObjectsV2"): lambda client: client.list_objects_v2(Bucket="lake"),
    ("s3", "GetBucketLocation"): lambda client: client.get_bucket_location(Bucket="lake"),
    ("s3", "ListBuckets"): lambda client: client.list_buckets(),
}


def test_each_call_meets_its_own_fault_and_no_other(cloud: LocalCloud) -> None:
    faults = [cloud.inject(service, operation, "InternalError") for service, operation in CALLS]
    for (service, operation), call in CALLS.items():
        with pytest.raises(ClientError, match=rf"InternalError.*a fault was injected into {operation}$"):
            call(cloud.client(service))
    assert [fault.struck for fault in faults] == [1] * len(CALLS)
    cloud.client("s3").put_object(**OBJECT, Body=b"x")


def test_as_many_calls_fail_as_was_said(cloud: LocalCloud) -> None:
    glue = cloud.client("glue")
    fault = cloud.inject("glue", "GetDatabases", "ThrottlingException", times=2)
    for _ in range(2):
        with pytest.raises(ClientError) as failed:
            glue.get_databases()
        assert failed.value.response["Error"]["Code"] == "ThrottlingException"
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert glue.get_databases()["DatabaseList"] == []
    assert fault.struck == 2


def test_a_fault_ends_with_its_block(cloud: LocalCloud) -> None:
    with cloud.inject("glue", "GetDatabases", "InternalServiceException", times=100):
        pass
    assert cloud.client("glue").get_databases()["DatabaseList"] == []


def test_clients_try_again_after_what_they_take_for_passing(cloud: LocalCloud) -> None:
    patient = boto3.client("s3", endpoint_url=cloud.endpoint, **cloud.access_key.arguments)
    fault = cloud.inject("s3", "ListObjectsV2", "SlowDown", times=2)
    assert patient.list_objects_v2(Bucket="lake")["ResponseMetadata"]["RetryAttempts"] == 2
    assert fault.struck == 2


def test_the_answer_alone_can_be_lost(cloud: LocalCloud) -> None:
    s3 = cloud.client("s3")
    cloud.inject("s3", "PutObject", "InternalError", after=True)
    with pytest.raises(ClientError, match="InternalError"):
        s3.put_object(Bucket="lake", Key="lost-answer", Body=b"kept")
    assert s3.get_object(Bucket="lake", Key="lost-answer")["Body"].read() == b"kept"


def test_what_firehose_writes_fails_as_well_and_is_written_once(cloud: LocalCloud) -> None:
    destination = {"RoleARN": "arn:aws:iam::123456789012:role/firehose", "BucketARN": "arn:aws:s3:::lake"}
    firehose, s3 = cloud.client("firehose"), cloud.client("s3")
    firehose.create_delivery_stream(
        DeliveryStreamName="orders", ExtendedS3DestinationConfiguration={**destination, "Prefix": "orders/"}
    )
    firehose.put_record(DeliveryStreamName="orders", Record={"Data": b"one"})
    faults = [cloud.inject("s3", "PutObject", "ServiceUnavailable", after=after) for after in (False, True)]
    with pytest.raises(LocalCloudError, match=r"delivery stream orders cannot deliver: ServiceException"):
        cloud.drain()
    while not all(fault.struck for fault in faults):
        # The stream tries again by itself, too.
        with suppress(LocalCloudError):
            cloud.drain()
    cloud.drain()
    (found,) = s3.list_objects_v2(Bucket="lake", Prefix="orders/")["Contents"]
    assert s3.get_object(Bucket="lake", Key=found["Key"])["Body"].read() == b"one"


@pytest.mark.parametrize(
    ("service", "operation", "times", "message"),
    [
        ("glu", "StartJobRun", 1, r"there is no service 'glu'; did you mean glue"),
        ("glue", "StartJobRuns", 1, r"there is no operation of glue 'StartJobRuns'; did you mean StartJobRun"),
        (
            "cloudwatch",
            "PutMetricData",
            1,
            r"calls of 'cloudwatch' cannot be told apart: they speak smithy-rpc-v2-cbor",
        ),
        ("glue", "StartJobRun", 0, r"'times' must be at least 1, got 0"),
    ],
)
def test_refuses_what_cannot_happen(cloud: LocalCloud, service: str, operation: str, times: int, message: str) -> None:
    with pytest.raises(LocalCloudError, match=message):
        cloud.inject(service, operation, "Any", times=times)
