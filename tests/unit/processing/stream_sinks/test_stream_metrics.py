"""Metrics of windows as they are defined: what alarms watch is what the function puts."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns

from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks import StreamMetrics
from lake_blueprints.processing.streaming import (
    Count,
    LateRecords,
    Max,
    Mean,
    RejectedRecords,
    StreamPlan,
    StreamSource,
    WindowAggregates,
)
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of
from tests.unit.processing.streaming.sample import READINGS

NOT_BREACHING, MISSING = cloudwatch.TreatMissingData.NOT_BREACHING, cloudwatch.TreatMissingData.MISSING


def windows(**options: Any) -> WindowAggregates:
    measures = {"readings": Count(), "mean": Mean("celsius"), "hottest": Max("celsius")}
    common = {"name": "minutes", "window": cdk.Duration.minutes(5), "keys": ["sensor"], "measures": measures}
    return WindowAggregates(**{**common, **options})


def metrics(stack: cdk.Stack, put: WindowAggregates | None = None, **options: Any) -> StreamMetrics:
    key = LakeKey(stack, "Key").key
    put = put or windows()
    common: dict[str, Any] = {"aggregates": put, "errors": Zone(stack, "Raw", encryption_key=key)}

    def stream(name: str) -> Stream:
        return Stream(stack, name, encryption_key=key)

    plan = StreamPlan(
        source=StreamSource(stream=stream("Readings"), dataset=READINGS),
        outputs={put: stream("Minutes"), LateRecords(): stream("Late"), RejectedRecords(): stream("Bad")},
    )
    return StreamMetrics(stack, "Metrics", **{"plan": plan, **common, **options})


def alarm(stack: cdk.Stack, made: StreamMetrics, **options: Any) -> Any:
    common = {"measure": "mean", "of": {"sensor": "S1"}, "topic": sns.Topic(stack, "Topic")}
    made.add_alarm("Alarm", **{**common, **options})
    return properties(template_of(stack), "AWS::CloudWatch::Alarm")


def test_an_alarm_on_a_band_compares_the_metric_that_the_function_puts(stack: cdk.Stack) -> None:
    made = metrics(stack, units={"mean": cloudwatch.Unit.MEGABYTES_PER_SECOND})
    found = alarm(stack, made, band=3, periods=2, missing=MISSING)
    (function,) = resources(template_of(stack), "AWS::Lambda::Function")
    variables = function["Properties"]["Environment"]["Variables"]
    band, metric = sorted(found["Metrics"], key=lambda one: "MetricStat" in one)
    stat = metric["MetricStat"]
    assert band["Id"] == found["ThresholdMetricId"]
    assert band["Expression"] == f"ANOMALY_DETECTION_BAND({metric['Id']}, 3)"
    assert stat["Metric"] == {
        "Namespace": variables["NAMESPACE"],
        "MetricName": "mean",
        "Dimensions": [{"Name": variables["KEYS"], "Value": "S1"}],
    }
    assert (stat["Period"], stat["Stat"]) == (300, "Average")
    assert stat["Unit"] == json.loads(variables["UNITS"])["mean"] == "Megabytes/Second"
    assert (found["EvaluationPeriods"], found["TreatMissingData"]) == (2, "missing")
    assert found["ComparisonOperator"] == "LessThanLowerOrGreaterThanUpperThreshold"
    assert "Threshold" not in found


def test_an_alarm_on_a_threshold_compares_the_same_metric(stack: cdk.Stack) -> None:
    found = alarm(stack, metrics(stack), measure="readings", threshold=100)
    assert found["Namespace"] == f"{stack.stack_name}/Metrics"
    assert found["Dimensions"] == [{"Name": "sensor", "Value": "S1"}]
    assert (found["MetricName"], found["Statistic"], found["Unit"]) == ("readings", "Average", "Count")
    assert (found["Period"], found["EvaluationPeriods"], found["Threshold"]) == (300, 3, 100)


def test_two_put_into_namespaces_of_their_own() -> None:
    app = cdk.App(builtin_cloud_formation_validation=False)
    stacks = [cdk.Stack(app, name) for name in ("Dev", "Prod")]
    assert [metrics(stack).namespace for stack in stacks] == ["Dev/Metrics", "Prod/Metrics"]


def test_the_function_may_put_metrics_of_its_namespace_alone(stack: cdk.Stack) -> None:
    metrics(stack, namespace="Sensors")
    policies = json.dumps([one["Properties"] for one in resources(template_of(stack), "AWS::IAM::ManagedPolicy")])
    assert '{"StringEquals": {"cloudwatch:namespace": "Sensors"}}' in policies


@pytest.mark.parametrize(
    ("changed", "options", "message"),
    [
        ({"window": cdk.Duration.seconds(90)}, {}, "'aggregates.window' must be 60 to 86400 in steps of 60 sec"),
        ({}, {"namespace": "AWS/Sensors"}, "'namespace' must have .* not begin with 'AWS/', got 'AWS/Sensors'"),
        ({}, {"units": {"median": cloudwatch.Unit.COUNT}}, "'units' must be of the measures readings.*'median'"),
        ({}, {"aggregates": windows()}, "'aggregates' must be an output of 'plan' .* which is none of its outputs"),
    ],
)
def test_what_makes_no_metric_is_refused(
    stack: cdk.Stack, changed: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        metrics(stack, windows(**changed), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "median"}, "'measure' must be one of readings, mean, hottest, got 'median'"),
        ({"of": {}}, "'of' must have a value of each key, sensor, got none; metrics of other dimensions have no val"),
        ({"of": {"sensor": "Fühler"}}, "'of' must have values of 1 to 1024 ASCII characters, got 'Fühler' of 'sensor'"),
        ({"band": 0}, "'band' must be 0.1 to 100 standard deviations, got 0"),
        ({"periods": 0}, "'periods' must be at least 1 periods, got 0"),
        ({"periods": 289}, "'periods' must be up to 288 with windows of 300 seconds"),
        (
            {"comparison": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD},
            "'comparison' must be one of LESS_THAN_LOWER_OR_GREATER.* without a 'threshold', got GREATER_THAN_T",
        ),
        (
            {"threshold": 1, "comparison": cloudwatch.ComparisonOperator.GREATER_THAN_UPPER_THRESHOLD},
            "'comparison' must be one of GREATER_THAN_OR.* with a 'threshold', got GREATER_THAN_UPPER_THRESHOLD",
        ),
    ],
)
def test_an_alarm_that_could_not_fire_is_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        alarm(stack, metrics(stack), **options)
