"""DataLake: everything derived from the contracts, and a grant for each kind of user."""

from __future__ import annotations

import itertools
import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.lake import DataLake, Shards
from lake_blueprints.processing.curation import Curation, ReferenceJoin
from tests.support import assert_passes_the_gates, properties, resources, template_of


def dataset(name: str, kind: DatasetFormat = DatasetFormat.JSON) -> Dataset:
    columns = [Column(name="origin", type="string"), Column(name=f"{name}_value", type="double")]
    return Dataset(name=name, columns=columns, primary_key=["origin"], format=kind)


FLIGHTS = dataset("flights")
WEATHER = dataset("weather", DatasetFormat.CSV)
JOINED = {"flights": Curation(joins=[ReferenceJoin(reference=WEATHER, on=["origin"], columns=["weather_value"])])}


def lake(stack: cdk.Stack, name: str = "Lake", **options: Any) -> DataLake:
    return DataLake(stack, name, **{"datasets": [FLIGHTS, WEATHER], **options})


def states(stack: cdk.Stack) -> str:
    return json.dumps(properties(template_of(stack), "AWS::StepFunctions::StateMachine"))


def test_passes_the_gates() -> None:
    assert_passes_the_gates(lambda stack, name: lake(stack, name, curations=JOINED, warehouse=True))


def test_every_dataset_has_a_raw_table_a_curated_table_one_of_its_quarantine_and_a_job(stack: cdk.Stack) -> None:
    made = lake(stack)
    template = template_of(stack)
    tables = [table["Properties"] for table in resources(template, "AWS::Glue::Table")]
    of_files = [table["TableInput"] for table in tables if "TableInput" in table]
    assert sorted((table["Name"], table["Parameters"]["classification"]) for table in of_files) == [
        ("flights", "json"),
        ("flights_quarantine", "parquet"),
        ("weather", "csv"),
        ("weather_quarantine", "parquet"),
    ]
    assert sorted(table["Name"] for table in tables if "OpenTableFormatInput" in table) == ["flights", "weather"]
    assert len(resources(template, "AWS::Glue::Job")) == len(made.jobs) == 2


def test_only_json_datasets_have_a_delivery(stack: cdk.Stack) -> None:
    made = lake(stack)
    assert list(made.deliveries) == ["flights"]
    assert len(resources(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")) == 1


def test_nothing_that_costs_by_the_hour_is_defined_by_default(stack: cdk.Stack) -> None:
    lake(stack)
    kinds = {resource["Type"] for resource in template_of(stack)["Resources"].values()}
    assert not {kind for kind in kinds if kind.startswith(("AWS::EC2::", "AWS::Kinesis::", "AWS::RedshiftServerless"))}


def test_datasets_are_curated_after_those_that_they_join(stack: cdk.Stack) -> None:
    made = lake(stack, curations=JOINED)
    assert list(made.jobs) == ["weather", "flights"]
    assert states(stack).index("Curate weather") < states(stack).index("Curate flights")
    assert [column.name for column in made.tables["flights"].dataset.columns][-1] == "weather_value"


def test_the_warehouse_holds_every_curated_table_and_is_loaded_last(stack: cdk.Stack) -> None:
    made = lake(stack, warehouse=True)
    assert made.redshift is not None
    assert [table.table_name for table in made.redshift.tables] == ["flights", "weather"]
    assert states(stack).index("Curate weather") < states(stack).index("batchExecuteStatement")


def test_starts_by_schedule_if_it_has_one(stack: cdk.Stack) -> None:
    lake(stack, schedule=events.Schedule.cron(hour="3", minute="0"))
    assert properties(template_of(stack), "AWS::Events::Rule")["ScheduleExpression"] == "cron(0 3 * * ? *)"


def test_raw_records_expire_only_if_asked_to(stack: cdk.Stack) -> None:
    lake(stack)
    lake(stack, "Short", raw_expire_after=Duration.days(90))
    buckets = [bucket["Properties"] for bucket in resources(template_of(stack), "AWS::S3::Bucket")]
    expiries = [
        rule["ExpirationInDays"]
        for bucket in buckets
        if "LoggingConfiguration" in bucket
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule and rule["ExpirationInDays"] != 30
    ]
    assert expiries == [90]


def test_producers_may_put_records_and_nothing_else(stack: cdk.Stack) -> None:
    producer = iam.Role(stack, "Producer", assumed_by=iam.AccountRootPrincipal())
    lake(stack).grant_put_records(producer, "flights")
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert {action for statement in statements for action in statement["Action"]} == {
        "firehose:PutRecord",
        "firehose:PutRecordBatch",
    }


def test_analysts_may_query_curated_data(stack: cdk.Stack) -> None:
    analyst = iam.Role(stack, "Analyst", assumed_by=iam.AccountRootPrincipal())
    lake(stack).grant_query(analyst)
    policy = json.dumps(properties(template_of(stack), "AWS::IAM::Policy"))
    for action in ("athena:StartQueryExecution", "glue:GetTable", "s3:GetObject", "kms:Decrypt"):
        assert action in policy


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"datasets": []}, "'datasets' must hold at least one dataset, got none"),
        ({"datasets": [FLIGHTS, FLIGHTS]}, "'datasets' has two named 'flights'; rename one"),
        (
            {"curations": {"trains": Curation()}},
            "'curations' names a dataset 'trains'; the lake holds flights, weather",
        ),
        ({"datasets": [FLIGHTS], "curations": JOINED}, "the curation of 'flights' names a dataset 'weather'"),
        (
            {
                "curations": {
                    **JOINED,
                    "weather": Curation(
                        joins=[ReferenceJoin(reference=FLIGHTS, on=["origin"], columns=["flights_value"])]
                    ),
                }
            },
            "'curations' join in a circle: flights -> weather -> flights; break it",
        ),
    ],
)
def test_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lake(stack, **options)


def test_refuses_a_chain_of_joins_that_no_pipeline_could_run(stack: cdk.Stack) -> None:
    chain = [
        Dataset(name=f"d{at}", columns=[Column(name="id", type="int"), Column(name=f"v{at}", type="int")])
        for at in range(1_100)
    ]
    joins = {
        later.name: Curation(joins=[ReferenceJoin(reference=earlier, on=["id"], columns=[earlier.column_names[1]])])
        for earlier, later in itertools.pairwise(chain)
    }
    with pytest.raises(ValueError, match=r"chain of 1100 datasets that ends in 'd1099'; a pipeline runs at most 80 "):
        DataLake(stack, "Lake", datasets=chain, curations=joins, shards=Shards(count=110))


def test_refuses_to_grant_records_of_a_dataset_that_is_uploaded(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="no delivery takes records of 'weather'; these do: flights"):
        lake(stack).grant_put_records(iam.Role(stack, "R", assumed_by=iam.AccountRootPrincipal()), "weather")
