"""Functions on a stream as they are defined: mapping, alarms, code, and options that contradict each other."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks import CacheTarget, NewestRecords, StreamAlerts
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="flight", type="string", business_name="Flight"),
        Column(name="delay", type="int", required=True),
        Column(name="departed", type="timestamp"),
        Column(name="pilot", type="string", classification="restricted"),
    ],
    primary_key=["flight"],
)


def newest(stack: cdk.Stack, *, served: dict[str, Any] | None = None, **options: Any) -> NewestRecords:
    key = LakeKey(stack, "Key").key
    common: dict[str, Any] = {
        "stream": Stream(stack, "Stream", encryption_key=key),
        "dataset": FLIGHTS,
        "event_time": "departed",
        "target": ServingTable(stack, "Served", encryption_key=key, **(served or {"dataset": FLIGHTS})),
        "errors": Zone(stack, "Raw", encryption_key=key),
    }
    return NewestRecords(stack, "Newest", **{**common, **options})


def alerts(stack: cdk.Stack, **options: Any) -> StreamAlerts:
    key = LakeKey(stack, "Key").key
    common: dict[str, Any] = {
        "stream": Stream(stack, "Stream", encryption_key=key),
        "dataset": FLIGHTS,
        "about": ["flight"],
        "headline": "Flight {flight} is {delay} minutes late",
        "errors": Zone(stack, "Raw", encryption_key=key),
    }
    return StreamAlerts(stack, "Alerts", **{**common, **options})


def variables(stack: cdk.Stack) -> dict[str, Any]:
    (function,) = resources(template_of(stack), "AWS::Lambda::Function")
    found: dict[str, Any] = function["Properties"]["Environment"]["Variables"]
    return found


def columns_in_code(folder: Path) -> dict[str, Any]:
    """Return what the code of the one function says of the columns."""
    for path in folder.glob("asset.*.zip"):
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            said: dict[str, Any] = json.loads(archive.read("lake_sinks/dataset.json"))
    return said


def test_retries_are_bounded_and_what_fails_is_kept(stack: cdk.Stack) -> None:
    newest(stack, retries=3)
    mapping = properties(template_of(stack), "AWS::Lambda::EventSourceMapping")
    assert mapping["MaximumRetryAttempts"] == 3
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "RawStorageBucket" in json.dumps(mapping["DestinationConfig"]["OnFailure"]["Destination"])
    assert (mapping["StartingPosition"], mapping["BatchSize"]) == ("TRIM_HORIZON", 500)


def test_the_alarms_watch_the_function_and_its_mapping(stack: cdk.Stack) -> None:
    newest(stack, alarm_topic=sns.Topic(stack, "Topic"))
    found = {
        one["Properties"]["MetricName"]: one["Properties"]
        for one in resources(template_of(stack), "AWS::CloudWatch::Alarm")
    }
    assert found.keys() == {
        "IteratorAge",
        "Errors",
        "OnFailureDestinationDeliveredEventCount",
        "DestinationDeliveryFailures",
    }
    assert found["IteratorAge"]["Threshold"] == 12 * 60 * 60 * 1000
    (dimension,) = found["OnFailureDestinationDeliveredEventCount"]["Dimensions"]
    assert dimension["Name"] == "EventSourceMappingUUID"
    assert properties(template_of(stack), "AWS::Lambda::EventSourceMapping")["MetricsConfig"] == {
        "Metrics": ["EventCount"]
    }


def test_a_function_takes_what_is_not_restricted(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    newest(cdk.Stack(app, "Stack"))
    app.synth()
    assert columns_in_code(tmp_path) == {
        "name": "flights",
        "types": {"flight": "string", "delay": "int", "departed": "timestamp"},
        "labels": {"flight": "Flight", "delay": "delay", "departed": "departed"},
        "required": ["flight", "delay", "departed"],
    }


def test_restricted_columns_are_taken_if_asked_for(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    newest(cdk.Stack(app, "Stack"), restricted=True)
    app.synth()
    assert "pilot" in columns_in_code(tmp_path)["types"]


def test_readers_of_the_zone_are_kept_out_of_what_failed(stack: cdk.Stack) -> None:
    made = newest(stack)
    assert made.errors.restricted_prefixes == ("aws/lambda/",)


def test_an_item_expires_at_the_attribute_of_the_table(stack: cdk.Stack) -> None:
    served = {"dataset": FLIGHTS, "time_to_live": "expires"}
    newest(stack, served=served, expires_after=cdk.Duration.hours(2))
    assert variables(stack)["TIME_TO_LIVE"] == "expires"
    assert variables(stack)["LIFETIME_SECONDS"] == "7200"


def cached(stack: cdk.Stack, **options: Any) -> NewestRecords:
    cache = ServerlessCache(stack, "Cache", encryption_key=LakeKey(stack, "CacheKey").key)
    return newest(stack, target=CacheTarget(cache=cache, keys=["flight"]), **options)


def test_the_function_of_a_cache_reaches_the_cache_alone(stack: cdk.Stack) -> None:
    cached(stack)
    template = template_of(stack)
    (function,) = resources(template, "AWS::Lambda::Function")
    (group,) = (
        name
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::EC2::SecurityGroup" and "Newest" in name
    )
    assert function["Properties"]["VpcConfig"]["SecurityGroupIds"] == [{"Fn::GetAtt": [group, "GroupId"]}]
    (outward,) = resources(template, "AWS::EC2::SecurityGroupEgress")
    assert outward["Properties"]["GroupId"] == {"Fn::GetAtt": [group, "GroupId"]}
    assert (outward["Properties"]["FromPort"], outward["Properties"]["ToPort"]) == (6379, 6380)
    # Lambda itself polls the stream and writes the log, from outside of the network.
    assert all(
        one["Properties"]["VpcEndpointType"] == "Gateway" for one in resources(template, "AWS::EC2::VPCEndpoint")
    )


def test_a_hash_expires_without_a_column_for_it(stack: cdk.Stack) -> None:
    cached(stack, expires_after=cdk.Duration.hours(2))
    found = variables(stack)
    assert found.keys() == {"HOST", "PORT", "CACHE", "USER_NAME", "KEYS", "EVENT_TIME", "LIFETIME_SECONDS"}
    assert (found["KEYS"], found["LIFETIME_SECONDS"]) == ("flight", "7200")


def test_the_code_for_a_cache_has_all_that_its_client_imports(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    cached(cdk.Stack(app, "Stack"))
    app.synth()
    (code,) = (path for path in tmp_path.glob("asset.*.zip") if "valkey/client.py" in zipfile.ZipFile(path).namelist())
    assert any("licenses" in name for name in zipfile.ZipFile(code).namelist())
    # Without site-packages: the modules of the archive and of Python alone.
    script = f"import sys; sys.path.insert(0, {str(code)!r}); import valkey; print(valkey.__file__)"
    found = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(code))


def test_a_client_that_is_not_installed_is_named_with_its_extra(
    stack: cdk.Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CacheTarget, "packages", ("not-there",))
    with pytest.raises(ValueError, match=r"'not-there' .* pip install 'lake-blueprints\[not-there\]'"):
        cached(stack)


def test_alerts_for_people_and_applications(stack: cdk.Stack) -> None:
    alerts(
        stack, topic=sns.Topic(stack, "Topic"), bus=events.EventBus(stack, "Bus"), quiet_period=cdk.Duration.hours(1)
    )
    found = variables(stack)
    assert found.keys() == {"ABOUT", "HEADLINE", "RECENT", "QUIET_SECONDS", "TOPIC", "BUS", "SOURCE", "DETAIL_TYPE"}
    assert (found["QUIET_SECONDS"], found["SOURCE"], found["DETAIL_TYPE"]) == ("3600", "lake", "Alert flights")


PILOT = dynamodb.Attribute(name="pilot", type=dynamodb.AttributeType.STRING)
GATE = dynamodb.Attribute(name="gate", type=dynamodb.AttributeType.STRING)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"event_time": "hour"}, "'event_time' has 'hour', which is no column of 'flights'; its columns are flight,"),
        ({"event_time": "flight"}, "'event_time' must be a timestamp, date or number, got 'flight', a string"),
        ({"event_time": "pilot"}, "'event_time' has the restricted column 'pilot'; give 'restricted=True' to take it"),
        ({"served": {"partition_key": PILOT}}, "'target' has the restricted column 'pilot'"),
        ({"served": {"partition_key": GATE}}, "'target' has 'gate', which is no column of 'flights'"),
        ({"deleted": "delay"}, "'deleted' must be a boolean column, got 'delay', a int"),
        ({"expires_after": cdk.Duration.days(1)}, "'expires_after' needs a 'target' with a 'time_to_live'"),
        (
            {"served": {"dataset": FLIGHTS, "time_to_live": "departed"}, "expires_after": cdk.Duration.days(1)},
            "'expires_after' contradicts the 'time_to_live' of 'target', the column 'departed'",
        ),
        (
            {"starting_position": lambda_.StartingPosition.AT_TIMESTAMP},
            "'starting_position' must be TRIM_HORIZON or LATEST, got AT_TIMESTAMP",
        ),
    ],
)
def test_what_keeps_no_newest_record_is_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        newest(stack, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "alerts need a 'topic', for people, or a 'bus', for applications"),
        ({"headline": "{gate} is late"}, "'headline' has 'gate', which is no column of 'flights'"),
        ({"headline": "{} is late"}, "'headline' has '', which is no column"),
        ({"headline": "{pilot} is late"}, "'headline' has the restricted column 'pilot'"),
        ({"headline": " "}, "'headline' must say what has happened"),
        ({"about": ["gate"]}, "'about' has 'gate', which is no column"),
    ],
)
def test_alerts_that_say_nothing_are_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        alerts(stack, **{"topic": sns.Topic(stack, "Topic"), **options} if options else options)


def test_topics_buses_and_periods_that_do_not_fit_are_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'topic' must be a standard topic, got a FIFO one"):
        alerts(stack, topic=sns.Topic(stack, "Fifo", fifo=True))
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    with pytest.raises(
        ValueError, match=r"'event_source' must not begin with 'aws\.', as AWS's own do, got 'aws.lake'"
    ):
        alerts(other, bus=events.EventBus(other, "Bus"), event_source="aws.lake")
    third = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Third")
    with pytest.raises(ValueError, match="'quiet_period' must be at least 1 second"):
        alerts(third, topic=sns.Topic(third, "Topic"), quiet_period=cdk.Duration.seconds(0))
