"""StreamFunction: one shard, a batch at a time, and nothing lost without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk.assertions import Match, Template

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.streaming import (
    Anomalies,
    CleanRecords,
    Output,
    RandomCutForest,
    RejectedRecords,
    StreamFunction,
    StreamPlan,
    StreamSource,
)
from lake_blueprints.storage.s3 import Zone

READINGS = Dataset(
    name="readings",
    columns=[
        Column(name="sensor", type="string", required=True, classification="restricted"),
        Column(name="celsius", type="double"),
        Column(name="at", type="timestamp"),
    ],
    primary_key=["sensor", "at"],
)


class Lake:
    """A stack with a zone."""

    def __init__(self) -> None:
        self.stack = Stack(App(builtin_cloud_formation_validation=False), "Lake")
        self.zone = Zone(self.stack, "Zone")

    def stream(self, name: str, shards: int | None = 1) -> Stream:
        return Stream(self.stack, name, encryption_key=self.zone.key, shards=shards)

    def plan(self, detector: RandomCutForest | None = None, shards: int | None = 1) -> StreamPlan:
        source = StreamSource(stream=self.stream("In", shards), dataset=READINGS)
        outputs: dict[Output, Stream] = {
            CleanRecords(): self.stream("Clean"),
            RejectedRecords(): self.stream("Rejected"),
        }
        if detector:
            outputs[Anomalies(column="celsius", keys=["sensor"], detector=detector)] = self.stream("Odd")
        return StreamPlan(source=source, outputs=outputs)


@pytest.fixture
def lake() -> Lake:
    return Lake()


def test_batches_are_halved_and_what_fails_is_set_aside(lake: Lake) -> None:
    StreamFunction(lake.stack, "Watch", plan=lake.plan(), state=lake.zone, batching_window=Duration.seconds(1))

    Template.from_stack(lake.stack).has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {
            "BatchSize": 1_000,
            "BisectBatchOnFunctionError": True,
            "DestinationConfig": {"OnFailure": {"Destination": Match.any_value()}},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "MaximumBatchingWindowInSeconds": 1,
            "MaximumRetryAttempts": 10,
            "ParallelizationFactor": 1,
            "StartingPosition": "TRIM_HORIZON",
            "TumblingWindowInSeconds": Match.absent(),
        },
    )


def test_the_function_knows_its_places_by_variables(lake: Lake) -> None:
    StreamFunction(lake.stack, "Watch", plan=lake.plan(), state=lake.zone)

    Template.from_stack(lake.stack).has_resource_properties(
        "AWS::Lambda::Function",
        {
            "Handler": "lake_stream.handler.handle",
            "Architectures": ["arm64"],
            "Environment": {
                "Variables": {
                    "SOURCE": Match.any_value(),
                    "TO_CLEAN": Match.any_value(),
                    "TO_REJECTED": Match.any_value(),
                    "STATE_BUCKET": Match.any_value(),
                    "STATE_KEY": Match.string_like_regexp("^stream-state/.*/Watch.json.zlib"),
                }
            },
        },
    )


def test_the_state_is_kept_from_readers_who_may_not_see_its_columns(lake: Lake) -> None:
    StreamFunction(lake.stack, "Watch", plan=lake.plan(), state=lake.zone)

    discarded, kept = sorted(lake.zone.restricted_prefixes)
    assert discarded == "aws/lambda/"
    assert kept.startswith("stream-state/")


@pytest.mark.parametrize(("shards", "found"), [(2, "2 shards"), (None, "as many shards as it needs")])
def test_a_stream_of_several_shards_is_refused(lake: Lake, shards: int | None, found: str) -> None:
    with pytest.raises(ValueError, match=f"'Lake/In' has {found}: define it with shards=1, or use a StreamProcessor"):
        StreamFunction(lake.stack, "Watch", plan=lake.plan(shards=shards), state=lake.zone)


def test_a_forest_needs_its_package(lake: Lake, tmp_path: Path) -> None:
    plan = lake.plan(RandomCutForest())
    with pytest.raises(ValueError, match="'packages' must be a folder with the package krcf"):
        StreamFunction(lake.stack, "Without", plan=plan, state=lake.zone, packages=tmp_path)

    (tmp_path / "krcf").mkdir()
    (tmp_path / "krcf" / "__init__.py").write_text("")
    StreamFunction(lake.stack, "With", plan=plan, state=lake.zone, packages=tmp_path)
