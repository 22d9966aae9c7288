"""Sample of a stream function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from constructs import Construct

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.streaming import (
    Anomalies,
    LateRecords,
    Mean,
    RejectedRecords,
    StreamFunction,
    StreamPlan,
    StreamSource,
    WindowAggregates,
)
from template_checks.limits import lambda_functions
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample

READINGS = Dataset(
    name="readings",
    columns=[
        Column(name="sensor", type="string", required=True),
        Column(name="celsius", type="double"),
        Column(name="at", type="timestamp"),
    ],
    primary_key=["sensor", "at"],
)
MINUTES = WindowAggregates(
    name="minutes", window=Duration.minutes(1), keys=["sensor"], measures={"mean_c": Mean("celsius")}
)


def plan(lake: Fixtures) -> StreamPlan:
    """Return a plan whose streams are all of one shard."""

    def stream(name: str) -> Stream:
        return Stream(lake.scope, lake.unique(name), encryption_key=lake.key, shards=1)

    source = StreamSource(stream=stream("Readings"), dataset=READINGS)
    odd = Anomalies(column="celsius", keys=["sensor"])
    names = {MINUTES: "Minutes", odd: "Odd", LateRecords(): "Late", RejectedRecords(): "Rejected"}
    return StreamPlan(source=source, outputs={output: stream(name) for output, name in names.items()})


def options(lake: Fixtures, **given: Any) -> Mapping[str, Any]:
    """Return the options of a function whose state is in the raw zone."""
    return {"plan": plan(lake), "state": lake.raw, "alarm_topic": lake.topic, **given}


def define(lake: Fixtures, scope: Construct, name: str, /, **given: Any) -> StreamFunction:
    """Define a function whose plan is its own: two would write to the same places."""
    return StreamFunction(scope, name, **options(lake, **given))


SAMPLE = Sample(
    construct=StreamFunction,
    build=define,
    limits={
        "memory": Limited(limit=lambda_functions.MEMORY, options=lambda _, n: {"memory": n}),
        "batch_size": Limited(limit=lambda_functions.BATCH_SIZE, options=lambda _, n: {"batch_size": n}),
        "batching_window": Limited(
            limit=lambda_functions.BATCHING_WINDOW, options=lambda _, n: {"batching_window": Duration.seconds(n)}
        ),
        "retries": Limited(limit=lambda_functions.RETRIES, options=lambda _, n: {"retries": n}),
    },
)
