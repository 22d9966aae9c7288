"""Refusals of what the local Flink does not do, each by name, and the API's own errors."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

import local_cloud.engines.flink.job
from local_cloud.cloud import LocalCloud
from tests.local_cloud.flink.applications import ROLE, archive, configuration

_STAND_IN = Path(local_cloud.engines.flink.job.__file__).parent / "runtime"
_STREAM = "'connector'='kinesis', 'stream.arn'='arn:aws:kinesis:us-east-1:1:stream/s', 'aws.region'='us-east-1'"


@pytest.fixture(scope="module")
def statements() -> ModuleType:
    """The stand-in's module of statements; its package needs a Flink."""
    place = importlib.util.spec_from_file_location("statements", _STAND_IN / "pyflink" / "table" / "statements.py")
    assert place and place.loader
    module = importlib.util.module_from_spec(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "statements", module)
        place.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("columns", "options", "reason"),
    [
        ("n INT", "'connector'='jdbc'", "not 'jdbc'"),
        ("n INT", f"{_STREAM}, 'format'='avro'", "format json and raw locally, not 'avro'"),
        ("n INT", f"{_STREAM}, 'format'='json', 'scan.stream.recordpublisher'='EFO'", "scan.stream.recordpublisher"),
        ("n INT", f"{_STREAM}, 'format'='json', 'source.reader.type'='EFO'", "no enhanced fan-out"),
        ("n INT", f"{_STREAM}, 'format'='json', 'source.init.position'='AT_TIMESTAMP'", "not 'AT_TIMESTAMP'"),
        ("n INT", f"{_STREAM}, 'format'='raw'", "one column of type STRING"),
        ("a STRING, b STRING", f"{_STREAM}, 'format'='raw'", "one column of type STRING"),
        ("n INT, at TIMESTAMP(3) METADATA FROM 'timestamp'", f"{_STREAM}, 'format'='json'", "no METADATA columns"),
        ("n INT", "'connector'='kinesis', 'format'='json'", "missing required option 'stream.arn'"),
        ("n INT", "'connector'='firehose', 'delivery-stream'='d', 'aws.region'='r', 'format'='raw'", "not 'raw'"),
        ("n INT", "'connector'='filesystem', 'path'='s3://bucket/', 'format'='json'", "this machine's"),
    ],
)
def test_a_table_that_no_folder_can_stand_for_is_refused(
    statements: ModuleType, columns: str, options: str, reason: str
) -> None:
    statement = statements.Statement(f"CREATE TABLE t ({columns}) WITH ({options})")
    with pytest.raises(statements.StatementError, match=reason):
        statement.table(Path("/tables"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE TABLE db.t (n INT) WITH ('connector'='print')", "name the table alone"),
        ("CREATE TABLE t (n INT) LIKE other", "WITH clause of its own"),
        (f"CREATE TABLE t (x DOUBLE) PARTITIONED BY (x) WITH ({_STREAM}, 'format'='json')", "x is DOUBLE"),
    ],
)
def test_a_statement_that_is_not_understood_is_refused(statements: ModuleType, text: str, reason: str) -> None:
    with pytest.raises(statements.StatementError, match=reason):
        statements.Statement(text).table(Path("/tables"))


def test_several_statements_in_one_text_are_refused(statements: ModuleType) -> None:
    with pytest.raises(statements.StatementError, match="one statement"):
        statements.Statement("DROP TABLE a; DROP TABLE b")


def test_texts_and_comments_of_a_statement_are_none_of_its_words(statements: ModuleType) -> None:
    table = statements.Statement(f"""
        CREATE TEMPORARY TABLE IF NOT EXISTS `a ``table``` ( -- it's (
          n INT COMMENT 'PARTITIONED BY (n) WITH (', at TIMESTAMP(3) WITH LOCAL TIME ZONE, /* ' */
          d DECIMAL(10, 2), m AS n + 1, PRIMARY KEY (n) NOT ENFORCED
        ) COMMENT 'of ''n''' PARTITIONED BY (n) WITH ({_STREAM}, 'format'='json', 'json.null-literal'='it''s');
        """).table(Path("/tables"))
    assert table.name == "a `table`"
    assert table.facts["keys"] == ["n"]
    assert "PARTITIONED BY (n) WITH (', at" in table.ddl
    assert table.ddl.endswith("'sink.rolling-policy.check-interval'='100 ms')")
    assert "'path'='file:///tables/a__table_/files', 'format'='json', 'json.null-literal'='it''s'" in table.ddl
    assert "COMMENT 'of ''n'''\nWITH (" in table.ddl


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import pyflink.datastream", "it has pyflink.table, and no pyflink.datastream"),
        ("from pyflink.table.udf import udf", "it has pyflink.table, and no pyflink.table.udf"),
        ("from pyflink.table import DataTypes", "and no DataTypes"),
        ("from pyflink.table import EnvironmentSettings as E; E.in_batch_mode()", "in_batch_mode"),
        (
            "from pyflink.table import TableEnvironment as T; T(None).from_path('t')",
            "it has no TableEnvironment.from_path",
        ),
        (
            "from pyflink.table import *; TableEnvironment.create(EnvironmentSettings.in_streaming_mode())",
            "the local cloud, which alone can run it",
        ),
    ],
)
def test_what_is_no_flink_sql_is_refused_by_name(code: str, reason: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(_STAND_IN)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert reason in done.stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        running.client("s3").create_bucket(Bucket="code")
        running.client("s3").put_object(Bucket="code", Key="code.zip", Body=archive({"main.py": ""}))
        yield running


def _request(**changes: Any) -> dict[str, Any]:
    return {
        "ApplicationName": "app",
        "RuntimeEnvironment": "FLINK-2_2",
        "ServiceExecutionRole": ROLE,
        "ApplicationConfiguration": configuration("code.zip"),
        **changes,
    }


def _fails(code: str, reason: str) -> Any:
    return pytest.raises(ClientError, match=rf"(?s)\({code}\).*{reason}")


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"RuntimeEnvironment": "FLINK-1_20"}, "UnsupportedOperationException", "runs FLINK-2_2, and not FLINK-1_20"),
        ({"ApplicationMode": "INTERACTIVE"}, "UnsupportedOperationException", "mode INTERACTIVE"),
        (
            {"ApplicationConfiguration": configuration("missing.zip")},
            "InvalidArgumentException",
            "unable to get the specified fileKey: missing.zip in the specified bucket: code",
        ),
        (
            {
                "ApplicationConfiguration": configuration(
                    "code.zip",
                    FlinkApplicationConfiguration={
                        "CheckpointConfiguration": {"ConfigurationType": "CUSTOM", "CheckpointingEnabled": False}
                    },
                )
            },
            "UnsupportedOperationException",
            "with checkpoints alone",
        ),
        (
            {"ApplicationConfiguration": configuration("code.zip", SqlApplicationConfiguration={})},
            "UnsupportedOperationException",
            "SqlApplicationConfiguration",
        ),
    ],
)
def test_an_application_that_cannot_run_is_refused(
    cloud: LocalCloud, changes: dict[str, Any], code: str, reason: str
) -> None:
    with _fails(code, reason):
        cloud.client("kinesisanalyticsv2").create_application(**_request(**changes))


def test_operations_answer_with_the_errors_of_the_service(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    flink = cloud.client("kinesisanalyticsv2")
    created = flink.create_application(**_request(Tags=[{"Key": "team", "Value": "rides"}]))["ApplicationDetail"]
    arn = created["ApplicationARN"]

    with _fails("ResourceInUseException", "already exists"):
        flink.create_application(**_request())
    with _fails("ResourceNotFoundException", "nothing does not exist"):
        flink.start_application(ApplicationName="nothing")
    with _fails("ResourceInUseException", "is READY"):
        flink.stop_application(ApplicationName="app")
    with _fails("InvalidRequestException", "is READY"):
        flink.create_application_snapshot(ApplicationName="app", SnapshotName="one")
    with _fails("ConcurrentModificationException", "at version 1"):
        flink.update_application(ApplicationName="app", CurrentApplicationVersionId=7)
    with _fails("ResourceNotFoundException", "Snapshot gone"):
        restore = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": "gone"}
        flink.start_application(ApplicationName="app", RunConfiguration={"ApplicationRestoreConfiguration": restore})
    with _fails("UnknownOperationException", "RollbackApplication"):
        flink.rollback_application(ApplicationName="app", CurrentApplicationVersionId=1)
    with _fails("InvalidArgumentException", "CreateTimestamp"):
        flink.delete_application(ApplicationName="app", CreateTimestamp=1)

    flink.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "dev"}])
    flink.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert flink.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "stage", "Value": "dev"}]

    groups = [{"PropertyGroupId": "own", "PropertyMap": {"a": "b"}}]
    change = {"EnvironmentPropertyUpdates": {"PropertyGroups": groups}}
    updated = flink.update_application(
        ApplicationName="app", CurrentApplicationVersionId=1, ApplicationConfigurationUpdate=change
    )["ApplicationDetail"]
    described = updated["ApplicationConfigurationDescription"]
    assert described["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"] == groups
    assert updated["ApplicationVersionId"] == 2
    with _fails("InvalidApplicationConfigurationException", "must have python"):
        flink.start_application(ApplicationName="app")

    groups[0] = {"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "main.py"}}
    flink.update_application(
        ApplicationName="app", CurrentApplicationVersionId=2, ApplicationConfigurationUpdate=change
    )
    with monkeypatch.context() as patch:
        patch.setattr("local_cloud.packages.find_spec", lambda name: None)
        with _fails("InvalidApplicationConfigurationException", r"lake-local-cloud\[flink\]"):
            flink.start_application(ApplicationName="app")
    flink.delete_application(ApplicationName="app", CreateTimestamp=created["CreateTimestamp"])
    assert flink.list_applications()["ApplicationSummaries"] == []
