"""Service levels: what is promised about time is kept, or refused in the caller's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration
from aws_cdk import aws_events as events

from lake_blueprints.contracts import Column, Dataset, DatasetFormat, ServiceLevels
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.firehose import Buffer
from lake_blueprints.lake import DataLake, Shards
from tests.support import nag_findings, properties, resources, template_of, validation_findings, warnings_of


def promising(dataset: Dataset, **levels: Any) -> Dataset:
    if "retention" in levels:
        levels["retention_by"] = "booked"
        dataset = evolve(dataset, columns=[*dataset.columns, Column(name="booked", type="timestamp")])
    return evolve(dataset, service_levels=ServiceLevels(**levels))


def kept_days(made: DataLake) -> int:
    """Return the age at which the job deletes rows of the table, which its copy follows."""
    retention = made.jobs["passengers"].curation.retention
    assert retention
    return retention.days


def expirations(stack: cdk.Stack, made: DataLake) -> dict[str, list[tuple[str, int]]]:
    """Return by zone the prefixes that expire, with the age in days."""
    buckets = template_of(stack)["Resources"]
    return {
        name: [
            (rule["Prefix"], rule["ExpirationInDays"])
            for rule in buckets[stack.resolve(zone.bucket.bucket_name)["Ref"]]["Properties"]["LifecycleConfiguration"][
                "Rules"
            ]
            if "ExpirationInDays" in rule and "Prefix" in rule
        ]
        for name, zone in (("raw", made.raw), ("curated", made.curated), ("analytics", made.analytics))
    }


def late(stack: cdk.Stack) -> list[dict[str, Any]]:
    alarms = [alarm["Properties"] for alarm in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    return [alarm for alarm in alarms if alarm.get("MetricName") == "DeliveryToS3.DataFreshness"]


def schedule(stack: cdk.Stack) -> str:
    return str(properties(template_of(stack), "AWS::Events::Rule")["ScheduleExpression"])


def test_retention_is_that_of_records_and_of_rows(stack: cdk.Stack, passengers: Dataset) -> None:
    made = DataLake(stack, "Lake", datasets=[promising(passengers, retention=timedelta(days=90, hours=1))])
    assert expirations(stack, made) == {
        "raw": [("passengers/", 91), ("quarantine/passengers/", 91), ("errors/passengers/", 91)],
        "curated": [],
        "analytics": [],
    }
    assert kept_days(made) == 91


def test_raw_records_may_be_gone_earlier_if_the_app_says_so(stack: cdk.Stack, passengers: Dataset) -> None:
    dataset = promising(passengers, retention=timedelta(days=90))
    made = DataLake(stack, "Lake", datasets=[dataset], raw_expire_after=Duration.days(30))
    assert expirations(stack, made)["raw"] == []
    assert kept_days(made) == 90


def test_records_are_kept_until_the_pipeline_has_read_them(stack: cdk.Stack, passengers: Dataset) -> None:
    made = DataLake(stack, "Lake", datasets=[promising(passengers, retention=timedelta(hours=6), schedule="0 3 * * 1")])
    # A week between two starts, and two days in which a failed one is repeated.
    assert expirations(stack, made)["raw"][0] == ("passengers/", 9)
    assert kept_days(made) == 1


def test_latency_is_the_threshold_of_an_alarm(stack: cdk.Stack, passengers: Dataset) -> None:
    made = DataLake(stack, "Lake", datasets=[promising(passengers, latency=timedelta(hours=4))])
    (alarm,) = late(stack)
    assert alarm["Threshold"] == 4 * 3600
    assert alarm["Dimensions"][0]["Value"] == stack.resolve(made.deliveries["passengers"].delivery_stream_name)
    assert alarm["AlarmActions"] == [stack.resolve(made.topic.topic_arn)]
    assert made.pipeline.topic is made.topic


def test_without_a_promise_a_delivery_is_late_after_twice_its_buffer_and_five_minutes(
    stack: cdk.Stack, passengers: Dataset
) -> None:
    DataLake(stack, "Lake", datasets=[passengers])
    assert [alarm["Threshold"] for alarm in late(stack)] == [900]


def test_every_delivery_has_its_alarms_once(stack: cdk.Stack, passengers: Dataset) -> None:
    for name, dataset in (("One", passengers), ("Two", promising(passengers, latency=timedelta(hours=1)))):
        DataLake(stack, name, datasets=[dataset])
    alarms = [one["Properties"]["MetricName"] for one in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    for metric in ("DeliveryToS3.DataFreshness", "DeliveryToS3.Success", "ThrottledRecords"):
        assert alarms.count(metric) == 2


def test_refuses_a_latency_that_the_buffer_cannot_meet(stack: cdk.Stack, passengers: Dataset) -> None:
    dataset = promising(passengers, latency=timedelta(minutes=5))
    with pytest.raises(
        ValueError, match=r"promises a latency of 5 minutes, but its delivery collects .* 5 minutes, to"
    ):
        DataLake(stack, "Lake", datasets=[dataset])


def test_a_shorter_buffer_meets_it(stack: cdk.Stack, passengers: Dataset) -> None:
    dataset = promising(passengers, latency=timedelta(minutes=5))
    DataLake(stack, "Lake", datasets=[dataset], buffers={"passengers": Buffer(interval=Duration.seconds(60))})
    assert late(stack)[0]["Threshold"] == 300


def test_refuses_a_schedule_that_is_too_slow_for_a_latency(stack: cdk.Stack, passengers: Dataset) -> None:
    dataset = promising(passengers, latency=timedelta(hours=4))
    with pytest.raises(
        ValueError, match=r"collects .* 5 minutes, and 1 day may pass .*: 1 day 5 minutes together; start it"
    ):
        DataLake(stack, "Lake", datasets=[dataset], schedule=events.Schedule.cron(hour="3", minute="0"))


def test_a_contract_that_contradicts_itself_warns(stack: cdk.Stack, passengers: Dataset) -> None:
    dataset = promising(passengers, latency=timedelta(hours=4), frequency=timedelta(days=1))
    DataLake(stack, "Lake", datasets=[dataset])
    assert any("promises a latency of 4 hours, but its delivery collects" in text for text in warnings_of(stack))


def test_files_have_no_alarm_but_must_be_read_in_time(stack: cdk.Stack, seats: Dataset) -> None:
    files = evolve(promising(seats, latency=timedelta(minutes=1)), format=DatasetFormat.CSV)
    DataLake(stack, "Lake", datasets=[files])
    assert late(stack) == []


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([{"schedule": "30 6 * * 1-5"}], "cron(30 6 ? * MON,TUE,WED,THU,FRI *)"),
        ([{"frequency": timedelta(days=1)}], "rate(1 day)"),
        ([{"frequency": timedelta(seconds=10)}], "rate(1 minute)"),
        ([{"frequency": timedelta(days=7)}, {"frequency": timedelta(hours=6)}], "rate(6 hours)"),
        ([{"frequency": timedelta(days=7)}, {"schedule": "0 3 * * *"}], "cron(0 3 * * ? *)"),
    ],
)
def test_the_pipeline_starts_as_often_as_the_contract_that_wants_it_most(
    stack: cdk.Stack, passengers: Dataset, seats: Dataset, levels: list[dict[str, Any]], expected: str
) -> None:
    datasets = [promising(dataset, **promise) for dataset, promise in zip((passengers, seats), levels, strict=False)]
    DataLake(stack, "Lake", datasets=datasets)
    assert schedule(stack) == expected


def test_the_callers_schedule_wins_and_warns_if_it_is_slower(stack: cdk.Stack, passengers: Dataset) -> None:
    dataset = promising(passengers, frequency=timedelta(hours=1))
    DataLake(stack, "Lake", datasets=[dataset], schedule=events.Schedule.rate(Duration.days(1)))
    assert schedule(stack) == "rate(1 day)"
    assert [text for text in warnings_of(stack) if "starts by rate(1 day), less often than the contract of" in text]


def test_the_schedule_of_one_contract_is_too_slow_for_another(
    stack: cdk.Stack, passengers: Dataset, seats: Dataset
) -> None:
    weekdays, every_other_day = (
        promising(passengers, schedule="0 9 * * 1-5"),
        promising(seats, frequency=timedelta(days=2)),
    )
    DataLake(stack, "Lake", datasets=[weekdays, every_other_day])
    (warning,) = [text for text in warnings_of(stack) if "less often" in text]
    assert "starts by rate(2 days), less often than the contract of dataset 'passengers' says" in warning


def test_a_contract_is_never_too_slow_for_itself(stack: cdk.Stack, passengers: Dataset) -> None:
    DataLake(stack, "Lake", datasets=[promising(passengers, schedule="0 9 * * 1-5", frequency=timedelta(days=1))])
    assert not [text for text in warnings_of(stack) if "less often" in text]


def test_refuses_a_schedule_that_eventbridge_cannot_have(stack: cdk.Stack, passengers: Dataset) -> None:
    with pytest.raises(ValueError, match=r"dataset 'passengers': schedule '0 3 1 . 1' starts on days of the month"):
        DataLake(stack, "Lake", datasets=[promising(passengers, schedule="0 3 1 * 1")])


def test_promises_and_masked_copies_are_kept_in_stacks_of_their_own(passengers: Dataset, seats: Dataset) -> None:
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False)
    levels = {"retention": timedelta(days=9), "latency": timedelta(days=1), "frequency": timedelta(hours=1)}
    datasets = [promising(dataset, **levels) for dataset in (passengers, seats)]
    lake = DataLake(cdk.Stack(app, "Main"), "Lake", datasets=datasets, shards=Shards(count=2), notify_support=True)
    lake.grant_query(
        ServiceRole(cdk.Stack(app, "Other"), "Role", services=["ecs-tasks.amazonaws.com"], description="Asks")
    )
    for stack in app.synth().stacks_recursively:
        assert validation_findings(dict(stack.template)) == []
    assert nag_findings(app) == []
