"""Clouds that are stopped and started: all that they hold is there again, in another process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest
from moto.ssm.models import ssm_backends

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests import queries
from tests.local_cloud.shell import Shell
from tests.local_cloud.test_cloud import APP, APPS

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/delivery"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
QUERY = "select count(*), min(id), max(id) from events.read"


def result_of(shell: Shell) -> list[str]:
    """Return what Athena answers to the query."""
    (row,) = queries.athena(shell.client("athena"), QUERY, WorkGroup="analysts")
    return row


def sql(shell: Shell, text: str) -> list[list[Any]]:
    """Return the rows of a statement in the warehouse."""
    return queries.redshift(shell.client("redshift-data"), text, WorkgroupName="lake", Database="dev")


class Before:
    """A lake with something of everything in it, and what was seen of it before it was stopped."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        deployed = shell.succeed("deploy", "--directory", str(APPS), "--app", APP)
        outputs = dict(line.split(" = ") for line in deployed.splitlines() if " = " in line)
        self.bucket, self.stream = outputs["Flow.BucketName"], outputs["Flow.StreamName"]
        self.machine = outputs["Flow.MachineArn"]
        self.stacks = self.described()
        s3 = shell.client("s3")
        self.versions = [
            s3.put_object(Bucket=self.bucket, Key="notes/a", Body=text)["VersionId"] for text in (b"first", b"second")
        ]
        self.marker = s3.delete_object(Bucket=self.bucket, Key="notes/a")["VersionId"]
        upload = s3.create_multipart_upload(Bucket=self.bucket, Key="notes/b")["UploadId"]
        part = {"Bucket": self.bucket, "Key": "notes/b", "UploadId": upload, "PartNumber": 1}
        self.part = {**part, "ETag": s3.upload_part(**part, Body=b"part")["ETag"]}
        shell.client("glue").create_table(DatabaseName="events", TableInput=self.table())
        self.put("1", "2")
        shell.succeed("drain")
        assert result_of(shell) == ["2", "1", "2"]
        # These stay in the buffer of the delivery stream, which is due in five minutes.
        self.put("3", "4")
        self.execute()
        self.fill()

    def described(self) -> list[dict[str, Any]]:
        found = self.shell.client("cloudformation").describe_stacks()["Stacks"]
        return sorted(found, key=lambda stack: str(stack["StackName"]))

    def table(self) -> dict[str, Any]:
        storage = {
            "Location": f"s3://{self.bucket}/events/",
            "Columns": [{"Name": "id", "Type": "string"}],
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
        }
        return {"Name": "read", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}

    def put(self, *ids: str) -> None:
        for number in ids:
            self.shell.client("kinesis").put_record(
                StreamName=self.stream, PartitionKey=number, Data=json.dumps({"id": number}).encode() + b"\n"
            )

    def execute(self) -> None:
        states = self.shell.client("stepfunctions")
        self.execution = states.start_execution(stateMachineArn=self.machine, input="{}")["executionArn"]
        while (found := states.describe_execution(executionArn=self.execution))["status"] == "RUNNING":
            time.sleep(0.1)
        assert found["status"] == "SUCCEEDED"
        self.history = states.get_execution_history(executionArn=self.execution)["events"]

    def fill(self) -> None:
        client = self.shell.client
        destination = {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{self.bucket}", "Prefix": "direct/"}
        client("firehose").create_delivery_stream(
            DeliveryStreamName="direct", ExtendedS3DestinationConfiguration=destination
        )
        client("firehose").put_record(DeliveryStreamName="direct", Record={"Data": b"direct"})
        self.queue = client("sqs").create_queue(QueueName="letters")["QueueUrl"]
        client("sqs").send_message(QueueUrl=self.queue, MessageBody="dear")
        client("secretsmanager").create_secret(Name="password", SecretString="hush")
        keys = client("kms")
        self.key = keys.create_key()["KeyMetadata"]["KeyId"]
        self.cipher = keys.encrypt(KeyId=self.key, Plaintext=b"plain")["CiphertextBlob"]
        self.signing = keys.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        self.signed = {"KeyId": self.signing, "Message": b"m", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
        self.signature = keys.sign(**self.signed)["Signature"]
        client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
        client("iam").create_user(UserName="ada")
        self.access = client("iam").create_access_key(UserName="ada")["AccessKey"]
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        dynamodb.put_item(TableName="items", Item={"id": {"S": "a"}, "n": {"N": "1.50"}})
        sql(self.shell, "create table sold (id int identity(1, 1), price decimal(10, 2), note varchar(10))")
        sql(self.shell, "insert into sold (price, note) values (1.50, 'one')")
        sql(self.shell, "create view dear as select * from sold where price > 1")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Before]:
    shell = Shell(tmp_path_factory.mktemp("shell"))
    shell.succeed("start", "--port", "0")
    found = Before(shell)
    assert shell.succeed("stop").startswith("stopped; data and logs are in ")
    assert (shell.folder / "work" / "state.pickle").stat().st_mode & 0o777 == 0o600
    shell.succeed("start")
    yield found
    shell("reset")


def test_stacks_are_as_they_were(before: Before) -> None:
    assert before.described() == before.stacks


def test_every_version_of_an_object_is_there(before: Before) -> None:
    s3 = before.shell.client("s3")
    found = [
        s3.get_object(Bucket=before.bucket, Key="notes/a", VersionId=version)["Body"].read()
        for version in before.versions
    ]
    assert found == [b"first", b"second"]
    listed = s3.list_object_versions(Bucket=before.bucket, Prefix="notes/a")
    assert [marker["VersionId"] for marker in listed["DeleteMarkers"]] == [before.marker]
    assert before.bucket in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_an_upload_goes_on(before: Before) -> None:
    part = dict(before.part)
    done = {"Parts": [{"ETag": part.pop("ETag"), "PartNumber": part.pop("PartNumber")}]}
    before.shell.client("s3").complete_multipart_upload(**part, MultipartUpload=done)
    assert before.shell.client("s3").get_object(Bucket=before.bucket, Key="notes/b")["Body"].read() == b"part"


def test_records_that_were_buffered_are_delivered_and_each_is_counted_once(before: Before) -> None:
    assert result_of(before.shell) == ["2", "1", "2"]
    drained = before.shell.succeed("drain")
    assert "2 records delivered" in drained
    assert "direct: 1 record delivered" in drained
    assert result_of(before.shell) == ["4", "1", "4"]
    before.put("5")
    assert "1 record delivered" in before.shell.succeed("drain")
    assert result_of(before.shell) == ["5", "1", "5"]


def test_records_of_the_stream_can_be_read_again(before: Before) -> None:
    kinesis = before.shell.client("kinesis")
    found = []
    for shard in kinesis.list_shards(StreamName=before.stream)["Shards"]:
        begin = {"StreamName": before.stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        found += kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**begin)["ShardIterator"])["Records"]
    assert {"1", "2", "3", "4"} <= {record["PartitionKey"] for record in found}


def test_an_execution_has_its_history_and_another_one_runs(before: Before) -> None:
    states = before.shell.client("stepfunctions")
    assert states.get_execution_history(executionArn=before.execution)["events"] == before.history
    before.execute()


def test_a_deployment_of_the_same_app_changes_nothing(before: Before) -> None:
    lines = before.shell.succeed("deploy", "--directory", str(APPS), "--app", APP)
    assert lines.count("(no changes)") == 2


def test_an_app_that_has_changed_updates_what_was_kept(before: Before) -> None:
    # Its types and clients are attached again, also to what the local cloud deploys itself.
    changed = before.shell("deploy", "--directory", str(APPS), "--app", APP, "-c", "broken=true")
    assert "no AWS::AppSync::GraphQLApi" in changed.stderr
    (flow,) = [stack for stack in before.described() if stack["StackName"] == "Flow"]
    assert flow["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_secrets_keys_and_identities_are_there(before: Before) -> None:
    client = before.shell.client
    assert client("secretsmanager").get_secret_value(SecretId="password")["SecretString"] == "hush"
    assert client("kms").decrypt(CiphertextBlob=before.cipher)["Plaintext"] == b"plain"
    assert client("kms").verify(**before.signed, Signature=before.signature)["SignatureValid"]
    assert client("iam").get_role(RoleName="reader")["Role"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/reader"
    keys = client("iam").list_access_keys(UserName="ada")["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [before.access["AccessKeyId"]]


def test_items_and_messages_are_there(before: Before) -> None:
    client = before.shell.client
    assert client("dynamodb").get_item(TableName="items", Key={"id": {"S": "a"}})["Item"]["n"] == {"N": "1.50"}
    (message,) = client("sqs").receive_message(QueueUrl=before.queue)["Messages"]
    assert message["Body"] == "dear"


def test_the_warehouse_goes_on(before: Before) -> None:
    sql(before.shell, "insert into sold (price, note) values (2.50, 'two')")
    rows = sql(before.shell, "select id, price, note from dear order by id")
    assert rows == [[1, "1.50", "one"], [2, "2.50", "two"]]


def test_what_came_after_the_last_stop_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.succeed("start", "--port", "0")
    shell.client("s3").create_bucket(Bucket="kept")
    shell.succeed("stop")
    shell.succeed("start")
    shell.client("s3").create_bucket(Bucket="lost")
    process = psutil.Process(json.loads(shell.succeed("status"))["pid"])
    process.kill()
    process.wait()
    shell.succeed("start")
    assert [bucket["Name"] for bucket in shell.client("s3").list_buckets()["Buckets"]] == ["kept"]
    shell.succeed("reset")
    shell.succeed("start", "--port", "0")
    assert shell.client("s3").list_buckets()["Buckets"] == []
    shell.succeed("reset")


WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}}


def test_work_that_runs_is_named_and_goes_on_until_it_is_ended_by_force(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        states = cloud.client("stepfunctions")
        machine = states.create_state_machine(name="waits", definition=json.dumps(WAITS), roleArn=ROLE)
        arn = states.start_execution(stateMachineArn=machine["stateMachineArn"], name="one")["executionArn"]
        refused = "^still running: execution one of state machine waits; wait for it, or end it with: local-cloud stop"
        with pytest.raises(LocalCloudError, match=refused):
            cloud.stop(keep=True)
        assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
        cloud.stop(keep=True, force=True)
        cloud.start()
        ended = cloud.client("stepfunctions").describe_execution(executionArn=arn)
        assert (ended["status"], ended["error"]) == ("ABORTED", "LocalCloud.Stopped")


def test_what_cannot_be_kept_is_named_and_the_cloud_goes_on(tmp_path: Path) -> None:
    with LocalCloud(workdir=tmp_path) as cloud:
        cloud.client("ssm").put_parameter(Name="a", Value="1", Type="String")
        backend = ssm_backends[ACCOUNT]["us-east-1"]
        backend.open_file = (tmp_path / "logs" / "server.log").open()
        with backend.open_file, pytest.raises(LocalCloudError, match=r"^cannot keep ssm in us-east-1: cannot pickle"):
            cloud.stop(keep=True)
        assert cloud.client("ssm").get_parameter(Name="a")["Parameter"]["Value"] == "1"
        cloud.drain()
        del backend.open_file
        cloud.stop(keep=True)
        cloud.start()
        assert cloud.client("ssm").get_parameter(Name="a")["Parameter"]["Value"] == "1"
        assert not list(tmp_path.glob(".state*"))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The state file of a cloud that was stopped."""
    with LocalCloud(workdir=tmp_path / "work") as cloud:
        cloud.stop(keep=True)
    return tmp_path / "work" / "state.pickle"


def refused_by(kept: Path, **options: Any) -> str:
    with pytest.raises(LocalCloudError) as refused, LocalCloud(workdir=kept.parent, **options):
        pass
    return str(refused.value)


def test_data_of_other_versions_are_refused_with_what_to_do(kept: Path) -> None:
    header, _, content = kept.read_bytes().partition(b"\n")
    found = json.loads(header)
    found["versions"]["moto"] = "4.0.0"
    kept.write_bytes(json.dumps(found).encode() + b"\n" + content)
    said = refused_by(kept)
    assert f"was kept by lake-local-cloud {version('lake-local-cloud')}, moto 4.0.0, Python" in said
    assert said.endswith("start it with those versions, or remove it with: local-cloud reset")


def test_data_that_others_could_have_written_are_refused(kept: Path, tmp_path: Path) -> None:
    kept.chmod(0o644)
    assert "other users can write or read" in refused_by(kept)
    kept.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o600)
    kept.symlink_to(tmp_path / "elsewhere")
    assert "cannot read" in refused_by(kept)


@pytest.mark.parametrize("content", [b"", b"no header", b'{"versions": {}}\n', b'{"versions": 1, "port": 2}\n'])
def test_a_file_that_is_none_is_refused(kept: Path, content: bytes) -> None:
    kept.write_bytes(content)
    assert "it has no header; remove it with: local-cloud reset" in refused_by(kept)


def test_half_a_file_is_refused(kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:-1])
    assert "remove it with: local-cloud reset" in refused_by(kept)


def test_the_port_stays_since_urls_have_it_in_them(kept: Path) -> None:
    before = json.loads(kept.read_bytes().partition(b"\n")[0])["port"]
    with LocalCloud(workdir=kept.parent) as cloud:
        assert cloud.endpoint.endswith(f":{before}")
    other = before - 1
    assert f"start it with --port {before}, or remove it with: local-cloud reset" in refused_by(kept, port=other)
