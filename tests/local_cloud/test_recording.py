"""Recording: requests that are signed for a role, and what they call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.instrumentation.recording import RecordedCall, Recording

ROLE = "arn:aws:iam::123456789012:role/job"


@pytest.fixture
def calls(tmp_path: Path) -> Iterable[Any]:
    """A cloud, and how its clients of a role are made."""
    with LocalCloud(workdir=tmp_path) as cloud:
        yield cloud, lambda service: cloud._running.runtime.client(service, "us-east-1", role=ROLE)


def test_notes_what_a_role_calls_and_on_what(calls: Any) -> None:
    cloud, client = calls
    cloud.client("s3").create_bucket(Bucket="lake")
    s3 = client("s3")
    s3.put_object(Bucket="lake", Key="flights/a b", Body=b"x")
    s3.get_object(Bucket="lake", Key="flights/a b")
    s3.list_objects_v2(Bucket="lake", Prefix="flights/")
    s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "flights/a b"}]})
    s3.get_bucket_location(Bucket="lake")
    cloud.client("glue").create_database(DatabaseInput={"Name": "db"})
    client("glue").get_database(Name="db")
    assert cloud.calls == [
        RecordedCall(ROLE, "glue:GetDatabase", "db"),
        RecordedCall(ROLE, "s3:DeleteObject", "lake/flights/a b"),
        RecordedCall(ROLE, "s3:GetBucketLocation", "lake"),
        RecordedCall(ROLE, "s3:GetObject", "lake/flights/a b"),
        RecordedCall(ROLE, "s3:ListBucket", "lake/flights/"),
        RecordedCall(ROLE, "s3:PutObject", "lake/flights/a b"),
    ]


def test_notes_what_is_done_with_versions_as_iam_calls_it(calls: Any) -> None:
    cloud, client = calls
    cloud.client("s3").create_bucket(Bucket="lake")
    cloud.client("s3").put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    one, two, three = (
        cloud.client("s3").put_object(Bucket="lake", Key=key, Body=b"x")["VersionId"] for key in ("a/1", "a/2", "a/3")
    )
    s3 = client("s3")
    s3.list_object_versions(Bucket="lake", Prefix="a/")
    s3.get_object(Bucket="lake", Key="a/1", VersionId=one)
    s3.get_object_tagging(Bucket="lake", Key="a/1", VersionId=one)
    s3.delete_object(Bucket="lake", Key="a/2", VersionId=two)
    s3.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": "a/3", "VersionId": three}, {"Key": "a/4"}]})
    assert cloud.calls == [
        RecordedCall(ROLE, "s3:DeleteObject", "lake/a/4"),
        RecordedCall(ROLE, "s3:DeleteObjectVersion", "lake/a/2"),
        RecordedCall(ROLE, "s3:DeleteObjectVersion", "lake/a/3"),
        RecordedCall(ROLE, "s3:GetObjectVersion", "lake/a/1"),
        RecordedCall(ROLE, "s3:GetObjectVersionTagging", "lake/a/1"),
        RecordedCall(ROLE, "s3:ListBucketVersions", "lake/a/"),
    ]


def test_notes_nothing_of_requests_without_a_role(calls: Any) -> None:
    cloud, _ = calls
    cloud.client("s3").create_bucket(Bucket="lake")
    assert cloud.calls == []


def test_a_missing_object_takes_the_permission_to_list_it(calls: Any) -> None:
    cloud, client = calls
    cloud.client("s3").create_bucket(Bucket="lake")
    with pytest.raises(ClientError):
        client("s3").head_object(Bucket="lake", Key="flights/none")
    assert cloud.calls == [
        RecordedCall(ROLE, "s3:GetObject", "lake/flights/none"),
        RecordedCall(ROLE, "s3:ListBucket", "lake/flights/none"),
    ]


def test_notes_parts_of_objects_as_iam_calls_them(calls: Any) -> None:
    cloud, client = calls
    cloud.client("s3").create_bucket(Bucket="lake")
    s3 = client("s3")
    upload = s3.create_multipart_upload(Bucket="lake", Key="big")["UploadId"]
    s3.upload_part(Bucket="lake", Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    s3.list_parts(Bucket="lake", Key="big", UploadId=upload)
    s3.list_multipart_uploads(Bucket="lake")
    s3.abort_multipart_upload(Bucket="lake", Key="big", UploadId=upload)
    assert [(call.action, call.resource) for call in cloud.calls] == [
        ("s3:AbortMultipartUpload", "lake/big"),
        ("s3:ListBucketMultipartUploads", "lake"),
        ("s3:ListMultipartUploadParts", "lake/big"),
        ("s3:PutObject", "lake/big"),
    ]


def test_notes_objects_of_tables_as_the_data_of_tables(calls: Any) -> None:
    cloud, client = calls
    s3tables = cloud.client("s3tables")
    bucket = s3tables.create_table_bucket(name="the-lake")["arn"]
    table = {"tableBucketARN": bucket, "namespace": "shop", "name": "orders"}
    s3tables.create_namespace(tableBucketARN=bucket, namespace=["shop"])
    s3tables.create_table(**table, format="ICEBERG")
    storage = s3tables.get_table(**table)["warehouseLocation"].removeprefix("s3://")
    s3 = client("s3")
    s3.put_object(Bucket=storage, Key="data/a.parquet", Body=b"x")
    s3.get_object(Bucket=storage, Key="data/a.parquet")
    assert cloud.calls == [
        RecordedCall(ROLE, "s3tables:GetTableData", f"{storage}/data/a.parquet"),
        RecordedCall(ROLE, "s3tables:PutTableData", f"{storage}/data/a.parquet"),
    ]


def test_notes_what_a_request_creates(calls: Any) -> None:
    cloud, client = calls
    client("glue").create_database(DatabaseInput={"Name": "db"})
    client("glue").create_table(DatabaseName="db", TableInput={"Name": "flights"})
    assert [(call.action, call.resource) for call in cloud.calls] == [
        ("glue:CreateDatabase", "db"),
        ("glue:CreateTable", "db/flights"),
    ]


@pytest.mark.parametrize("bucket_key", [True, False])
def test_objects_are_encrypted_and_decrypted_with_the_key_of_their_bucket(calls: Any, bucket_key: bool) -> None:
    cloud, client = calls
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.client("s3").create_bucket(Bucket="lake")
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}
    cloud.client("s3").put_bucket_encryption(Bucket="lake", ServerSideEncryptionConfiguration={"Rules": [rule]})
    client("s3").put_object(Bucket="lake", Key="a", Body=b"x")
    client("s3").get_object(Bucket="lake", Key="a")
    told = "arn:aws:s3:::lake" if bucket_key else "arn:aws:s3:::lake/a"
    context = (("kms:EncryptionContext:aws:s3:arn", told), ("kms:ViaService", "s3.us-east-1.amazonaws.com"))
    assert [call for call in cloud.calls if call.action.startswith("kms:")] == [
        RecordedCall(ROLE, "kms:Decrypt", key, context),
        RecordedCall(ROLE, "kms:GenerateDataKey", key, context),
    ]


def test_secrets_and_messages_take_the_keys_of_their_secrets_and_topics(calls: Any) -> None:
    cloud, client = calls
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    secret = cloud.client("secretsmanager").create_secret(Name="salt", SecretString="x", KmsKeyId=key)["ARN"]
    topic = cloud.client("sns").create_topic(Name="told", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    client("secretsmanager").get_secret_value(SecretId=secret)
    client("sns").publish(TopicArn=topic, Message="x")
    via = {dict(call.context)["kms:ViaService"]: call for call in cloud.calls if call.action == "kms:Decrypt"}
    assert set(via) == {"secretsmanager.us-east-1.amazonaws.com", "sns.us-east-1.amazonaws.com"}
    assert {call.resource for call in via.values()} == {key}
    assert dict(via["secretsmanager.us-east-1.amazonaws.com"].context)["kms:EncryptionContext:SecretARN"] == secret


def test_a_call_that_is_made_twice_is_noted_once() -> None:
    recording = Recording()
    for _ in range(2):
        recording.note(ROLE, "s3:PutObject", "lake/key")
    assert recording.calls == [RecordedCall(ROLE, "s3:PutObject", "lake/key")]
