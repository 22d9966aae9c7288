"""Export: its statements, what it refuses, and what its role may do."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.analytics.athena import Export, ExportFormat, Query, Timestamps, Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset, Masking
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.storage.s3 import Zone
from tests.support import assert_passes_the_gates, properties, steps_of, template_of

RIDES = Dataset(
    name="rides",
    columns=[
        Column(name="id", type="bigint"),
        Column(name="carrier", type="string"),
        Column(name="at", type="timestamp"),
    ],
)
PEOPLE = Dataset(
    name="people",
    columns=[
        Column(name="name", type="string", classification="restricted", masking=Masking.HASH),
        Column(name="city", type="string"),
    ],
)


class Lake:
    """A zone with an Iceberg table, and one for its exports."""

    def __init__(self, stack: cdk.Stack, dataset: Dataset = RIDES, name: str = "") -> None:
        self.zone = Zone(stack, f"{name}Zone")
        common: dict[str, Any] = {"encryption_key": self.zone.key, "access_logs": self.zone.access_logs}
        self.target = Zone(stack, f"{name}Target", **common)
        self.workgroup = Workgroup(stack, f"{name}Queries", **common)
        database_name = None if name else "lake"
        self.database = Database(stack, f"{name}Database", zone=self.zone, database_name=database_name)
        self.table = self.database.add_iceberg_table(dataset)

    def export(self, **options: Any) -> Export:
        given = {"workgroup": self.workgroup, "table": self.table, "zone": self.target, "prefix": "exports/"}
        return Export(**{**given, **options})


def states_of(stack: cdk.Stack, *steps: Any) -> dict[str, dict[str, Any]]:
    Pipeline(stack, "Pipeline", steps=steps)
    return steps_of(stack)


def unload_of(stack: cdk.Stack, **options: Any) -> str:
    """Return the UNLOAD of a step for the snapshot 4711."""
    texts = states_of(stack, Lake(stack).export(**options))["Export rides"]["Parameters"]["unload"]
    return f"{texts['before']}4711{texts['after']}s3://…/{texts['options']}"


def piped(stack: cdk.Stack, name: str) -> Pipeline:
    return Pipeline(stack, name, steps=[Lake(stack, name=name).export()])


def test_passes_the_gates() -> None:
    assert_passes_the_gates(piped)


def test_exports_the_columns_of_the_contract_with_all_digits_of_timestamps(stack: cdk.Stack) -> None:
    assert unload_of(stack) == (
        'UNLOAD (SELECT "id", "carrier", CAST("at" AS varchar) AS "at" FROM "lake"."rides" FOR VERSION AS OF 4711) '
        "TO 's3://…/' WITH (format = 'PARQUET')"
    )


def test_writes_timestamps_of_milliseconds_and_partition_columns_last(stack: cdk.Stack) -> None:
    sql = unload_of(stack, timestamps=Timestamps.MILLISECONDS, partitioned_by=["carrier"], compression="ZSTD")
    assert 'SELECT "id", CAST("at" AS timestamp(3)) AS "at", "carrier" FROM' in sql
    assert sql.endswith(" WITH (format = 'PARQUET', compression = 'ZSTD', partitioned_by = ARRAY['carrier'])")


def test_a_query_sees_the_snapshot_under_the_name_of_the_table(stack: cdk.Stack) -> None:
    sql = unload_of(stack, sql="SELECT id FROM rides;", file_format=ExportFormat.TEXTFILE, delimiter="'")
    assert sql == (
        'UNLOAD (WITH "rides" AS (SELECT * FROM "lake"."rides" FOR VERSION AS OF 4711) SELECT * FROM (\n'
        "SELECT id FROM rides\n)) TO 's3://…/' WITH (format = 'TEXTFILE', field_delimiter = '''')"
    )


def test_an_attempt_that_is_repeated_writes_nothing_again(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    query = Query(workgroup=lake.workgroup, sql="SELECT 1", database="lake", name="Ask")
    states = states_of(stack, lake.export(), query)
    started = [state for state in states.values() if "startQueryExecution" in str(state.get("Resource"))]
    assert len(started) == 4
    assert all("States.Hash" in state["Parameters"]["ClientRequestToken.$"] for state in started)


def test_two_exports_of_a_pipeline_have_paths_and_folders_of_their_own(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    one, other = lake.export(), lake.export(name="Other")
    assert one.output_path != other.output_path
    states = states_of(stack, one, other)
    folders = {states[name]["Parameters"]["folder.$"] for name in ("Export rides", "Other")}
    assert len(folders) == 2


def test_reasons_of_failures_are_not_passed_on_where_they_may_quote_restricted_values(stack: cdk.Stack) -> None:
    lake = Lake(stack, PEOPLE)
    states = states_of(stack, lake.export(restricted=True))
    failed = [states[f"Export people {name} failed"] for name in ("snapshot", "count", "unload")]
    assert all("CausePath" not in state for state in failed)


def test_an_export_of_restricted_columns_keeps_other_readers_out(stack: cdk.Stack) -> None:
    lake = Lake(stack, PEOPLE)
    Pipeline(stack, "Pipeline", steps=[lake.export(restricted=True)])
    reader = cdk.aws_iam.Role(stack, "Reader", assumed_by=cdk.aws_iam.AccountRootPrincipal())
    lake.target.grant_read(reader)
    policy = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    (denied,) = [statement for statement in policy if statement["Effect"] == "Deny"]
    assert denied["Resource"]["Fn::Join"][1][-1].endswith("/exports/*")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix": "it's/"}, "'prefix' must be letters, digits and any of /_.=-, got 'it's/'"),
        ({"prefix": "exports"}, "a prefix ends in one slash"),
        ({"compression": "LZO"}, "'compression' of PARQUET must be one of GZIP, SNAPPY, ZSTD, got 'LZO'"),
        (
            {"compression": "GZIP", "file_format": "JSON"},
            "'compression' of JSON must be left out, since Athena has one for it, got 'GZIP'",
        ),
        ({"delimiter": ","}, "'delimiter' must be one character, and is for TEXTFILE only, got ','"),
        ({"delimiter": "||", "file_format": "TEXTFILE"}, "'delimiter' must be one character"),
        ({"partitioned_by": ["city"]}, "'partitioned_by' must be columns of dataset 'rides', got 'city'"),
        ({"partitioned_by": ["id", "id"]}, "'partitioned_by' must be different columns"),
        ({"partitioned_by": ["id", "carrier", "at"]}, "and leave one for the files"),
        ({"sql": "SELECT id FROM Lake.rides"}, "'sql' must name the table 'rides' without its database"),
        ({"sql": 'SELECT id FROM "lake" . "rides"'}, "'sql' must name the table 'rides' without its database"),
        ({"name": "what?"}, "the name of a step must be"),
        ({"file_format": "CSV"}, "'file_format' of Export must be one of PARQUET, ORC, AVRO, JSON, TEXTFILE"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refuses_what_athena_would_refuse_later(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace("?", r"\?").replace("||", r"\|\|")):
        Lake(stack).export(**options)


def test_refuses_restricted_columns_unless_they_are_granted(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="table 'people' has the restricted columns name"):
        Lake(stack, PEOPLE).export()


def test_refuses_restricted_columns_as_names_of_folders(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="partition key 'name' of dataset 'people' is restricted"):
        Lake(stack, PEOPLE).export(restricted=True, partitioned_by=["name"])


def test_refuses_nested_timestamps_unless_a_query_casts_them(stack: cdk.Stack) -> None:
    dataset = Dataset(name="rides", columns=[Column(name="stops", type="array<struct<at:timestamp>>")])
    lake = Lake(stack, dataset)
    with pytest.raises(ValueError, match="column 'stops' of table 'rides' holds timestamps in a nested type"):
        lake.export()
    lake.export(sql="SELECT cardinality(stops) AS stops FROM rides")


def test_refuses_a_zone_whose_readers_have_another_key(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    with pytest.raises(ValueError, match="the files of an export have the key of workgroup 'Stack/Queries'"):
        lake.export(zone=Zone(stack, "Other"))


def test_refuses_the_prefix_of_an_iceberg_table(stack: cdk.Stack) -> None:
    lake = Lake(stack)
    with pytest.raises(ValueError, match="step 'Export rides' lies at 'rides/' of zone"):
        Pipeline(stack, "Pipeline", steps=[lake.export(zone=lake.zone, prefix="rides/")])
