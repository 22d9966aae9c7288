"""Every alarm of the library can fire, and its message can reach its topic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_opensearchservice as domains
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from lake_blueprints.catalog import ByPartitionKeys, Database
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.opensearch import SearchCollection, SearchIngestion
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.crawler import Crawl, Crawler
from lake_blueprints.ingestion.firehose import (
    Buffer,
    DeliveryStream,
    Destination,
    HttpDestination,
    OpenSearchDestination,
    OpenSearchServerlessDestination,
    ParquetDestination,
    RedshiftDestination,
    S3Destination,
    SnowflakeDestination,
    SplunkDestination,
    Transform,
)
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from template_checks.core import check
from tests.support import new_stack, properties, resources, template_of
from tests.unit.foundation.alarms.published import PUBLISHED, state_after

CLICKS = Dataset(
    name="clicks",
    columns=[Column(name="id", type="string"), Column(name="day", type="string")],
    partition_keys=["day"],
)
SILENT = {"LAKE-EVENTS-015", "LAKE-KMS-002"}


def everything_with_alarms(stack: cdk.Stack, topic: sns.ITopic) -> None:
    """Define each construct that has alarms, with every option that has one of its own."""
    zone = Zone(stack, "Zone")
    database = Database(stack, "Database", zone=zone)
    schema = database.add_table(CLICKS, prefix="parquet/", layout=ByPartitionKeys())
    arn = stack.format_arn(
        service="lambda", resource="function", resource_name="f", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
    )
    transform = Transform(function=lambda_.Function.from_function_arn(stack, "Function", arn))
    stream = Stream(stack, "Stream", retention=Duration.days(7), alarm_topic=topic)
    records = S3Destination(zone=zone, dataset=CLICKS, prefix="a/")
    DeliveryStream(stack, "FromStream", source=stream, destination=records, alarm_topic=topic)
    DeliveryStream(
        stack, "Direct", destination=ParquetDestination(table=schema), transform=transform, alarm_topic=topic
    )
    for number, destination in enumerate(outside_the_lake(stack, zone)):
        # Late after the same time, whatever the default of the buffer is.
        buffer = Buffer(interval=Duration.seconds(30))
        freshness = Duration.seconds(900)
        DeliveryStream(
            stack, f"Out{number}", destination=destination, buffer=buffer, alarm_topic=topic, freshness=freshness
        )
    search, json = SearchCollection(stack, "Search"), evolve(CLICKS, format=DatasetFormat.JSON)
    SearchIngestion(stack, "Ingestion", source=stream.stream, target=search, dataset=json, zone=zone, alarm_topic=topic)
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    ServingTable(stack, "Serving", partition_key=key, alarm_topic=topic)
    crawler = Crawler(stack, "Crawler", database=database, prefixes=["found/"], table_prefix="found_")
    schedule = events.Schedule.rate(Duration.days(1))
    Pipeline(stack, "Pipeline", steps=[Crawl(crawler=crawler)], schedule=schedule, topic=topic)


def outside_the_lake(stack: cdk.Stack, zone: Zone) -> Iterator[Destination]:
    """Yield a destination of each kind that has metrics of its own."""
    to: dict[str, Any] = {"zone": zone, "dataset": evolve(CLICKS, format=DatasetFormat.JSON)}
    signed: dict[str, Any] = {"secret": secretsmanager.Secret(stack, "Secret", encryption_key=zone.key), **to}
    domain = domains.Domain.from_domain_endpoint(stack, "Domain", "https://search-a-1234.eu-west-1.es.amazonaws.com")
    account = "https://lake-one.snowflakecomputing.com"
    yield HttpDestination(url="https://collector.example.com", **to)
    yield SplunkDestination(endpoint="https://splunk.example.com:8088", **signed)
    yield OpenSearchDestination(domain=domain, **to)
    yield OpenSearchServerlessDestination(collection_arn=domain.domain_arn, collection_endpoint="https://c", **to)
    yield RedshiftDestination(jdbc_url="jdbc:redshift://a.1.eu-west-1.redshift.amazonaws.com:5439/dev", **signed)
    yield SnowflakeDestination(account_url=account, database="LAKE", schema="RAW", **signed)


def alarms_of(stack: cdk.Stack) -> list[dict[str, Any]]:
    return [alarm["Properties"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]


@pytest.fixture(scope="module")
def alarms() -> list[dict[str, Any]]:
    stack = new_stack()
    everything_with_alarms(stack, sns.Topic(stack, "Topic", master_key=LakeKey(stack, "TopicKey").key))
    return alarms_of(stack)


def test_every_published_metric_has_its_alarm_and_no_alarm_is_about_another(alarms: list[dict[str, Any]]) -> None:
    assert {(alarm["Namespace"], alarm["MetricName"]) for alarm in alarms} == PUBLISHED.keys()


def test_alarms_have_exactly_the_dimension_that_the_metric_is_published_with(alarms: list[dict[str, Any]]) -> None:
    for alarm in alarms:
        published = PUBLISHED[alarm["Namespace"], alarm["MetricName"]]
        assert [one["Name"] for one in alarm["Dimensions"]] == [published.dimension], alarm["MetricName"]
        assert alarm.get("Unit") in {None, published.unit}


def test_alarms_fire_when_something_is_wrong_and_are_silent_otherwise(alarms: list[dict[str, Any]]) -> None:
    for alarm in alarms:
        published = PUBLISHED[alarm["Namespace"], alarm["MetricName"]]
        seen: list[list[Sequence[float]]] = [[[], published.wrong], [published.right], [[]]]
        states = [state_after(alarm, periods) for periods in seen]
        assert states == ["ALARM", "OK", "OK"], alarm["MetricName"]


def test_a_topic_with_a_policy_and_a_key_of_its_own_lets_alarms_of_this_account_publish() -> None:
    stack = new_stack()
    key = LakeKey(stack, "TopicKey").key
    topic = sns.Topic(stack, "Topic", master_key=key, enforce_ssl=True)
    Stream(stack, "Stream", encryption_key=key, alarm_topic=topic)
    template = template_of(stack)
    ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    admitted = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Sid": "Alarms"}
    publish = {"Action": "sns:Publish", "Resource": stack.resolve(topic.topic_arn), "Condition": ours, **admitted}
    use = {"Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*", "Condition": ours, **admitted}
    of_topic = properties(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert [one for one in of_topic if one["Effect"] == "Allow"] == [publish]
    of_key = properties(template, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert [one for one in of_key if one.get("Sid") == "Alarms"] == [use]


@pytest.mark.parametrize("enforce_ssl", [True, False])
@pytest.mark.parametrize("switch", [True, False])
def test_no_alarm_of_the_library_is_silent(enforce_ssl: bool, switch: bool) -> None:
    stack = new_stack()
    key = LakeKey(stack, "TopicKey", cloudwatch_alarms=switch).key
    everything_with_alarms(stack, sns.Topic(stack, "Topic", master_key=key, enforce_ssl=enforce_ssl))
    template = template_of(stack)
    assert [one.message for one in check(template) if one.rule.id in SILENT] == []
    statements = properties(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert [one.get("Sid") for one in statements].count("Alarms") == 1


def test_an_alarm_on_a_topic_that_admits_nobody_is_found() -> None:
    stack = new_stack()
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"), enforce_ssl=True)
    alarm = cloudwatch.Alarm(
        stack, "Alarm", metric=cloudwatch.Metric(namespace="N", metric_name="M"), threshold=1, evaluation_periods=1
    )
    alarm.add_alarm_action(cdk.aws_cloudwatch_actions.SnsAction(topic))
    assert {one.rule.id for one in check(template_of(stack))} >= SILENT


def test_the_policies_of_an_imported_topic_and_key_are_left_alone() -> None:
    stack = new_stack()
    arn = stack.format_arn(service="sns", resource="alerts")
    topic = sns.Topic.from_topic_arn(stack, "Topic", arn)
    spec = AlarmSpec(id="Alarm", namespace="N", metric="M", dimensions={}, description="Wrong")
    add_alarms(stack, [spec], topic)
    template = template_of(stack)
    assert resources(template, "AWS::SNS::TopicPolicy") == []
    assert properties(template, "AWS::CloudWatch::Alarm")["AlarmActions"] == [stack.resolve(arn)]


def test_a_specification_is_a_metric_for_dashboards() -> None:
    dimensions = {"StreamName": "clicks"}
    spec = AlarmSpec(
        id="Slow", namespace="N", metric="M", dimensions=dimensions, statistic="p99", description="Requests are slow"
    )
    found = spec.to_metric()
    assert isinstance(found, cdk.aws_cloudwatch.Metric)
    assert (found.namespace, found.metric_name, found.statistic) == ("N", "M", "p99")
    assert found.dimensions == dimensions
    assert found.period.to_minutes() == 5


@pytest.mark.parametrize(("expression", "metrics"), [("RATE(m)", ["m"]), ("SELECT MAX(M) FROM N", [])])
def test_an_expression_is_compared_in_place_of_its_metric(expression: str, metrics: list[str]) -> None:
    stack = new_stack()
    spec = AlarmSpec(id="Fails", namespace="N", metric="M", dimensions={}, description="Fails", expression=expression)
    add_alarms(stack, [spec], sns.Topic(stack, "Topic", enforce_ssl=True))
    found = properties(template_of(stack), "AWS::CloudWatch::Alarm")["Metrics"]
    assert [one["Expression"] for one in found if "Expression" in one] == [expression]
    assert [one["Id"] for one in found if "MetricStat" in one] == metrics
