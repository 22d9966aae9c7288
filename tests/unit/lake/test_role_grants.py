"""Grants for the roles of a contract; nothing restricted by a plain grant."""

from __future__ import annotations

import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.contracts import Column, Contract, Dataset, DatasetFormat
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.crawler import Crawler
from lake_blueprints.lake import DataLake
from tests.policies import may_read, statements
from tests.support import ROOT, assert_passes_the_gates, resources, template_of

RECORD, TABLE = "part-0.json.gz", "part-0.parquet"


def role(stack: cdk.Stack, name: str = "Someone") -> iam.Role:
    return iam.Role(stack, name, assumed_by=iam.AccountRootPrincipal())


def lake(stack: cdk.Stack, *datasets: Dataset) -> DataLake:
    return DataLake(stack, "Lake", datasets=datasets)


def test_a_lake_with_restricted_columns_passes_the_gates(passengers: Dataset) -> None:
    def build(stack: cdk.Stack, name: str) -> None:
        made = DataLake(stack, name, datasets=[passengers], warehouse=True)
        for who in ("analyst", "steward"):
            reader = ServiceRole(stack, f"{name}{who}", services=["ecs-tasks.amazonaws.com"], description="Asks")
            made.grant_role(reader, "passengers", who)
            made.curated.grant_read(reader)

    assert_passes_the_gates(build)


def test_whoever_may_query_reads_masked_copies_and_what_is_not_restricted(
    stack: cdk.Stack, passengers: Dataset, seats: Dataset
) -> None:
    made = lake(stack, passengers, seats)
    made.grant_query(role(stack))
    readable = {
        "masked": may_read(stack, made.analytics, f"passengers/{TABLE}", of="Someone"),
        "unrestricted": may_read(stack, made.curated, f"seats/{TABLE}", of="Someone"),
        "restricted": may_read(stack, made.curated, f"passengers/{TABLE}", of="Someone"),
        "raw": may_read(stack, made.raw, f"passengers/{RECORD}", of="Someone"),
    }
    assert readable == {"masked": True, "unrestricted": True, "restricted": False, "raw": False}


def test_whoever_may_read_all_of_raw_reads_no_restricted_records(
    stack: cdk.Stack, passengers: Dataset, seats: Dataset
) -> None:
    made = lake(stack, passengers, seats)
    made.raw.grant_read(role(stack))
    for prefix in ("passengers/", "quarantine/passengers/", "errors/passengers/"):
        assert not may_read(stack, made.raw, f"{prefix}{RECORD}", of="Someone")
    assert may_read(stack, made.raw, f"seats/{RECORD}", of="Someone")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("analyst", {"masked"}), ("steward", {"full"}), ("producer", {"writes"}), ("owner", {"full", "writes"})],
)
def test_a_role_may_do_what_the_contract_says(
    stack: cdk.Stack, passengers: Dataset, name: str, allowed: set[str]
) -> None:
    made = lake(stack, passengers)
    made.grant_role(role(stack), "passengers", name)
    found = {
        "masked": may_read(stack, made.analytics, f"passengers/{TABLE}", of="Someone"),
        "full": may_read(stack, made.curated, f"passengers/{TABLE}", of="Someone"),
        "raw": may_read(stack, made.raw, f"passengers/{RECORD}", of="Someone"),
        "writes": "firehose:PutRecord" in json.dumps(statements(stack, of="Someone")),
    }
    assert {what for what, may in found.items() if may} == allowed


def test_a_role_of_a_dataset_without_restricted_columns_reads_its_table(stack: cdk.Stack, seats: Dataset) -> None:
    made = lake(stack, seats)
    made.grant_role(role(stack), "seats", "steward")
    assert may_read(stack, made.curated, f"seats/{TABLE}", of="Someone")
    assert len(resources(template_of(stack), "AWS::Athena::WorkGroup")) == 1


def test_those_who_write_files_upload_them(stack: cdk.Stack, seats: Dataset) -> None:
    uploaded = Dataset(name="seats", columns=seats.columns, roles=seats.roles, format=DatasetFormat.CSV)
    lake(stack, uploaded).grant_role(role(stack), "seats", "producer")
    (put,) = [s for s in statements(stack, of="Someone") if "s3:PutObject" in s["Action"]]
    assert put["Resource"]["Fn::Join"][1][-1] == "/seats/*"


def test_results_of_restricted_queries_are_in_a_workgroup_of_their_own(stack: cdk.Stack, passengers: Dataset) -> None:
    made = lake(stack, passengers)
    made.grant_query(role(stack, "Analyst"))
    for name in ("Steward", "Owner"):
        made.grant_role(role(stack, name), "passengers", name.lower())
    assert len(resources(template_of(stack), "AWS::Athena::WorkGroup")) == 2
    own = stack.resolve(made.restricted_workgroup().results.bucket.bucket_arn)
    common = stack.resolve(made.workgroup.results.bucket.bucket_arn)
    by_name = {name: json.dumps(statements(stack, of=name)) for name in ("Analyst", "Steward")}
    assert json.dumps(own) in by_name["Steward"] and json.dumps(own) not in by_name["Analyst"]
    assert json.dumps(common) in by_name["Analyst"] and json.dumps(common) not in by_name["Steward"]


@pytest.mark.parametrize(
    ("dataset", "name", "message"),
    [
        ("planes", "analyst", "the lake has no dataset 'planes'; it holds passengers"),
        ("passengers", "admin", "dataset 'passengers' has no role 'admin'; it has analyst, steward, producer, owner"),
        ("passengers", "strange", "role 'strange' of dataset 'passengers' has the access 'admire'; it must be one of"),
    ],
)
def test_refuses(stack: cdk.Stack, passengers: Dataset, dataset: str, name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lake(stack, passengers).grant_role(role(stack), dataset, name)


def test_the_warehouse_loads_the_masked_copy(stack: cdk.Stack, passengers: Dataset, seats: Dataset) -> None:
    made = DataLake(stack, "Lake", datasets=[passengers, seats], warehouse=True)
    assert made.redshift is not None
    assert [table.database for table in made.redshift.tables] == [made.analytics_database, made.curated_database]


def test_all_datasets_share_one_salt(stack: cdk.Stack, passengers: Dataset) -> None:
    crews = Dataset(name="crews", columns=passengers.columns)
    made = lake(stack, passengers, crews)
    assert made.jobs["crews"].salt is made.jobs["passengers"].salt is not None
    assert len(resources(template_of(stack), "AWS::SecretsManager::Secret")) == 1


def test_support_is_mailed_only_if_the_app_wants_it(stack: cdk.Stack, passengers: Dataset) -> None:
    lake(stack, passengers)
    assert resources(template_of(stack), "AWS::SNS::Subscription") == []


def test_support_is_mailed_at_the_addresses_for_notifications(stack: cdk.Stack, passengers: Dataset) -> None:
    DataLake(stack, "Lake", datasets=[passengers], notify_support=True)
    found = [item["Properties"] for item in resources(template_of(stack), "AWS::SNS::Subscription")]
    assert [(item["Protocol"], item["Endpoint"]) for item in found] == [
        ("email", "ops@example.com"),
        ("email", "oncall@example.com"),
    ]


def test_contracts_code_and_crawled_data_are_one_lake(stack: cdk.Stack, passengers: Dataset) -> None:
    contracts = Contract.from_file(ROOT / "examples" / "flights" / "contracts" / "flights.odcs.yaml").datasets
    made = DataLake(
        stack, "Lake", datasets=[*contracts, passengers, Dataset(name="x", columns=[Column(name="x", type="int")])]
    )
    Crawler(stack, "Crawler", database=made.raw_database, prefixes=["reference/"], table_prefix="ref_")
    made.grant_query(iam.Role(stack, "Analyst", assumed_by=iam.AccountRootPrincipal()))
    made.raw.grant_read(iam.Role(stack, "Engineer", assumed_by=iam.AccountRootPrincipal()))
    assert may_read(stack, made.raw, "reference/airlines.csv", of="Engineer")
    assert not may_read(stack, made.raw, "passengers/x.json.gz", of="Engineer")
    assert may_read(stack, made.curated, "flights/x.parquet", of="Analyst")
    assert not may_read(stack, made.curated, "passengers/x.parquet", of="Analyst")
