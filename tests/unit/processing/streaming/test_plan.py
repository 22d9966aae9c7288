"""StreamPlan: from a contract and outputs to the plan of the scripts; its faults are refused where it is written."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from aws_cdk import App, Duration, Stack
from aws_cdk.assertions import Annotations, Match, Template

from lake_blueprints.contracts import Column, Constraints, Dataset, DatasetFormat
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.flink import StreamProcessor
from lake_blueprints.processing.streaming import (
    Anomalies,
    CleanRecords,
    Count,
    LateRecords,
    Max,
    Mean,
    RandomCutForest,
    RejectedRecords,
    StreamPlan,
    StreamSource,
    Sum,
    WindowAggregates,
    ZScore,
)
from lake_blueprints.processing.streaming.package import application, function
from lake_blueprints.storage.s3 import Zone

READINGS = Dataset(
    name="readings",
    columns=[
        Column(name="sensor", type="string", required=True),
        Column(name="number", type="int", source="n"),
        Column(name="celsius", type="double", constraints=Constraints(minimum=-100, maximum=1e6)),
        Column(name="paid", type="decimal(10,2)", classification="restricted"),
        Column(name="at", type="timestamp", constraints=Constraints(minimum="2020-01-01")),
    ],
    primary_key=["sensor", "number"],
)
MINUTES = WindowAggregates(
    name="minutes",
    window=Duration.minutes(1),
    keys=["sensor"],
    measures={"readings": Count(), "mean_c": Mean("celsius"), "hottest": Max("celsius"), "paid": Sum("paid")},
)


class Lake:
    """A source and places in a stack."""

    def __init__(self) -> None:
        self.stack = Stack(App(builtin_cloud_formation_validation=False), "Lake")
        self.stream = Stream(self.stack, "In", shards=1)

    def source(self, dataset: Dataset = READINGS, **options: Any) -> StreamSource:
        return StreamSource(stream=self.stream, dataset=dataset, **options)

    def to(self, name: str) -> Stream:
        return Stream(self.stack, name, encryption_key=self.stream.key, shards=1)

    def plan(self, **options: Any) -> StreamPlan:
        if "outputs" not in options:
            options["outputs"] = {MINUTES: self.to("M"), LateRecords(): self.to("L"), RejectedRecords(): self.to("R")}
        return StreamPlan(**{"source": self.source(), **options})


@pytest.fixture
def lake() -> Lake:
    return Lake()


def test_a_plan_holds_what_the_contract_says_and_the_scripts_read_it(lake: Lake, stream: SimpleNamespace) -> None:
    text = lake.plan(lateness=Duration.seconds(10)).to_json()

    parsed = stream.plan.Plan.parse(text)
    assert (parsed.event_time, parsed.lateness_ms, parsed.remember_ms) == ("at", 10_000, 3_600_000)
    assert parsed.keys == ["sensor", "number"]
    assert [(column.source, column.type) for column in parsed.columns][1:4:2] == [
        ("n", "int"),
        ("paid", "decimal(10,2)"),
    ]
    assert (parsed.column("celsius").minimum, parsed.column("at").minimum) == (-100, None), (
        "bounds of times are curation's"
    )
    assert [output.name for output in parsed.outputs] == ["minutes", "late", "rejected"]
    assert parsed.outputs[0].measures["mean_c"] == stream.plan.Measure(measure="mean", column="celsius")


def test_each_output_has_a_contract_that_follows_from_the_records(lake: Lake) -> None:
    source = lake.source()
    odd = Anomalies(column="celsius", keys=["sensor"])

    minutes, anomalies = MINUTES.dataset_of(source), odd.dataset_of(source)

    assert minutes.primary_key == ("sensor", "window_start")
    assert {column.name: str(column.type) for column in minutes.columns} == {
        "sensor": "string",
        "window_start": "timestamp",
        "window_end": "timestamp",
        "readings": "bigint",
        "mean_c": "double",
        "hottest": "double",
        "paid": "decimal(38,2)",
    }
    assert [column.name for column in minutes.restricted_columns] == ["paid"], "figures tell of the values"
    assert anomalies.column_names == ("sensor", "at", "celsius", "mean", "deviation", "score")
    assert CleanRecords().dataset_of(source) is READINGS
    assert LateRecords().dataset_of(source).name == "readings_late"
    rejected = RejectedRecords().dataset_of(source)
    assert [column.name for column in rejected.restricted_columns] == ["record"], "its text has all columns"


def test_flink_gets_the_plan_with_its_places_in_one_application(lake: Lake, tmp_path: Path) -> None:
    jar = tmp_path / "connectors.jar"
    jar.write_bytes(b"jar")
    zone = Zone(lake.stack, "Zone", encryption_key=lake.stream.key)
    delivery = DeliveryStream(lake.stack, "Clean", destination=S3Destination(zone=zone, dataset=READINGS))
    outputs = {CleanRecords(): delivery, RejectedRecords(): lake.to("Bad")}

    StreamProcessor(lake.stack, "Processor", code=lake.plan(outputs=outputs, connectors=[jar]))

    template = Template.from_stack(lake.stack)
    (application,) = template.find_resources("AWS::KinesisAnalyticsV2::Application").values()
    configuration = application["Properties"]["ApplicationConfiguration"]
    groups = {
        group["PropertyGroupId"]: group["PropertyMap"]
        for group in configuration["EnvironmentProperties"]["PropertyGroups"]
    }
    assert groups["kinesis.analytics.flink.run.options"] == {
        "python": "main.py", "pyFiles": "modules/", "jarfile": "lib/connectors.jar",
    }  # fmt: skip
    assert groups["lake.stream"].keys() == {"region", "source", "to.clean", "to.rejected"}
    assert "Ref" in groups["lake.stream"]["to.clean"]
    assert "Fn::GetAtt" in groups["lake.stream"]["to.rejected"]


def test_the_application_has_its_modules_and_the_same_bytes_each_time(lake: Lake) -> None:
    plan = lake.plan().to_json()

    with zipfile.ZipFile(io.BytesIO(application(plan, []))) as packed:
        names = packed.namelist()
        assert json.loads(packed.read("modules/lake_stream/plan.json"))["dataset"] == "readings"
    assert {"main.py", "modules/lake_stream/job.py", "modules/lake_stream/sql.py"} <= {*names}
    assert application(plan, []) == application(plan, [])
    assert function(plan, None) != application(plan, [])


def test_the_job_names_streams_and_deliveries_as_their_connectors_do(stream: SimpleNamespace, lake: Lake) -> None:
    plan = stream.plan.Plan.parse(lake.plan().to_json())
    arn = "arn:aws-cn:kinesis:cn-north-1:1:stream/{}"
    places = {"region": "cn-north-1", "source": arn.format("in"), "to.minutes": arn.format("m"), "to.late": "delivery"}

    job = stream.job.of_application(plan, {**places, "to.rejected": arn.format("bad")})

    source, minutes, late, *_ = job.definitions
    assert "'connector' = 'kinesis', 'stream.arn' = 'arn:aws-cn:kinesis:cn-north-1:1:stream/in'" in source
    assert "'source.init.position' = 'TRIM_HORIZON', 'format' = 'raw'" in source
    assert "PARTITIONED BY (`sensor`) WITH ('connector' = 'kinesis'" in minutes
    assert "WITH ('connector' = 'firehose', 'delivery-stream' = 'delivery', 'aws.region' = 'cn-north-1'" in late


def test_without_connectors_a_warning_says_that_no_stream_is_read(lake: Lake) -> None:
    StreamProcessor(lake.stack, "Processor", code=lake.plan())

    Annotations.from_stack(lake.stack).has_warning("*", Match.string_like_regexp(".*no jar of connectors.*"))


def _outputs(lake: Lake, *outputs: Any) -> dict[str, Any]:
    return {"outputs": {output: lake.to(f"Out{at}") for at, output in enumerate((*outputs, RejectedRecords()))}}


def _window(**options: Any) -> WindowAggregates:
    return WindowAggregates(**{"name": "w", "window": Duration.minutes(1), "measures": {"n": Count()}, **options})


FAULTS: dict[str, tuple[Callable[[Lake], Any], str]] = {
    "no rejected": (
        lambda lake: {"outputs": {CleanRecords(): lake.to("A")}},
        r"'outputs' must have RejectedRecords\(\); records that break the contract would vanish",
    ),
    "no late": (lambda lake: _outputs(lake, _window()), r"'outputs' must have LateRecords\(\)"),
    "nothing late": (lambda lake: _outputs(lake, CleanRecords(), LateRecords()), "without WindowAggregates"),
    "nothing good": (_outputs, "good records vanish"),
    "two of a name": (lambda lake: _outputs(lake, CleanRecords(), CleanRecords()), "'outputs' has two named 'clean'"),
    "one place": (
        lambda lake: {"outputs": dict.fromkeys((CleanRecords(), RejectedRecords()), lake.to("A"))},
        "'outputs' puts 'rejected' where other records are, 'Lake/A'",
    ),
    "into the source": (
        lambda lake: {"outputs": {CleanRecords(): lake.to("A"), RejectedRecords(): lake.stream}},
        "'outputs' puts 'rejected' where other records are, 'Lake/In'",
    ),
    "unknown column": (
        lambda lake: _outputs(lake, LateRecords(), _window(measures={"x": Mean("kelvin")})),
        r"'measures.x' names 'kelvin', which is not a column of dataset 'readings'; its columns are sensor, number",
    ),
    "no number": (
        lambda lake: _outputs(lake, LateRecords(), _window(measures={"x": Mean("sensor")})),
        "'measures.x' must name a column of numbers; 'sensor' is a string",
    ),
    "no column": (
        lambda lake: _outputs(lake, LateRecords(), _window(measures={"x": Sum()})),
        "'measures' of 'w' must name the column of 'x'",
    ),
    "optional key": (
        lambda lake: _outputs(lake, LateRecords(), _window(keys=["celsius"])),
        "'keys' of 'w' names 'celsius', which the contract does not require",
    ),
    "key twice": (lambda lake: _outputs(lake, LateRecords(), _window(keys=["sensor"] * 2)), "names a column twice"),
    "same column": (
        lambda lake: _outputs(lake, Anomalies(column="number", keys=["number"])), "must be different columns",
    ),
    "lateness": (lambda _: {"lateness": Duration.days(100)}, "'lateness' must be 0 seconds to 99 days"),
    "remember": (lambda _: {"remember": Duration.seconds(1)}, "'remember' must be 60 seconds to 99 days"),
    "no key": (
        lambda lake: {"source": lake.source(evolve(READINGS, primary_key=()))}, "'deduplicate' needs a primary key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_plan_in_which_records_would_vanish_or_that_fits_none_is_refused(lake: Lake, fault: str) -> None:
    options, message = FAULTS[fault]

    with pytest.raises(ValueError, match=message):
        lake.plan(**options(lake))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": Duration.seconds(0)}, "'window' must be 1 second to 99 days, got 0 seconds"),
        ({"measures": {}}, "'measures' of 'w' must have at least one figure"),
        ({"name": "late"}, "'name' must be that of a dataset, .* got 'late'"),
        ({"name": "A b"}, "'name' must be that of a dataset"),
    ],
)
def test_windows_that_cannot_be_are_refused(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _window(**options)


def _with(**column: Any) -> Dataset:
    return Dataset(name="d", columns=[Column(name="at", type="timestamp"), Column(**{"name": "x", **column})])


@pytest.mark.parametrize(
    ("dataset", "event_time", "message"),
    [
        (
            _with(type="array<int>"),
            None,
            "column 'x' of dataset 'd' is a array<int>, and a plan reads no nested values",
        ),
        (_with(type="date", format="dd.MM.yyyy"), None, "has the format 'dd.MM.yyyy'"),
        (_with(type="int", source="it's"), None, "a plan reads no names with quotes"),
        (_with(type="timestamp"), None, "its timestamps are: at, x"),
        (_with(type="timestamp", time_zone="Europe/Berlin"), "x", "is in the zone Europe/Berlin"),
        (_with(type="int"), "x", "'event_time' must be a timestamp, or a bigint of milliseconds since 1970"),
        (_with(type="int"), "y", "'event_time' names 'y', which is not a column of dataset 'd'"),
        (
            evolve(READINGS, format=DatasetFormat.CSV),
            None,
            "records of a stream must be JSON; dataset 'readings' is csv",
        ),
    ],
)
def test_records_that_no_plan_reads_are_refused(lake: Lake, dataset: Dataset, event_time: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lake.source(dataset, event_time=event_time)


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        (lambda: ZScore(rows=1), "'rows' must be 2 to 10,000, got 1"),
        (lambda: ZScore(rows=20, at_least=21), "'at_least' must be 2 to 'rows', 20, got 21"),
        (lambda: ZScore(rows=20, at_least=10, threshold=3), "'threshold' must be above 0 and below 2.85"),
        (lambda: RandomCutForest(trees=0), "'trees' must be 1 to 100, got 0"),
        (lambda: RandomCutForest(at_least=2), "'at_least' must be at least 'shingle', 4, got 2"),
        (lambda: RandomCutForest(threshold=1), "'threshold' must be above 1, got 1"),
    ],
)
def test_detectors_that_cannot_find_anything_are_refused(detector: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        detector()


def test_flink_has_no_random_cut_forest(lake: Lake) -> None:
    odd = Anomalies(column="celsius", keys=["sensor"], detector=RandomCutForest())

    with pytest.raises(ValueError, match="'anomalies' is detected by a random cut forest, which Flink's SQL does not"):
        StreamProcessor(lake.stack, "Processor", code=lake.plan(**_outputs(lake, odd)))
