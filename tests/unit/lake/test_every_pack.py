"""A stranger's lake of five datasets has no finding of any gate or pack that its author did not cause."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns_subscriptions as subscriptions

from lake_blueprints import Column, DataLake, Dataset
from lake_blueprints.contracts import DatasetFormat
from template_checks.command.finding import Report
from template_checks.command.gates import PACKS
from template_checks.command.running import run

FORMATS = {
    "orders": DatasetFormat.JSON,
    "items": DatasetFormat.JSON,
    "customers": DatasetFormat.CSV,
    "payments": DatasetFormat.CSV,
    "returns": DatasetFormat.PARQUET,
}


def dataset(name: str, kind: DatasetFormat) -> Dataset:
    columns = [
        Column(name="id", type="string", required=True),
        Column(name="amount", type="double"),
        Column(name="day", type="date", required=True),
    ]
    return Dataset(name=name, columns=columns, primary_key=["id"], partition_keys=["day"], format=kind)


def report(folder: Path, *, open_bucket: bool = False) -> Report:
    app = cdk.App(outdir=str(folder), builtin_cloud_formation_validation=False, analytics_reporting=False)
    stack = cdk.Stack(app, "Shop")
    lake = DataLake(stack, "Lake", datasets=[dataset(*item) for item in FORMATS.items()], warehouse=True)
    lake.topic.add_subscription(subscriptions.EmailSubscription("on-call@example.com"))
    # Roles as everyone writes them.
    service = iam.ServicePrincipal("ecs-tasks.amazonaws.com")
    lake.grant_put_records(iam.Role(stack, "Shopfront", assumed_by=service), "orders")
    lake.grant_query(iam.Role(stack, "Analyst", assumed_by=service))
    if open_bucket:
        s3.Bucket(stack, "Exports")
    app.synth()
    return run(folder, ("rules", "schema", "iam"), PACKS, executor=ThreadPoolExecutor(1))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return report(tmp_path_factory.mktemp("lake"), open_bucket=True)


def test_nothing_is_found_of_the_lake(found: Report) -> None:
    ours = [one for one in found.findings if one.where.startswith("Shop/Lake/") or not one.construct_path]
    assert ([f"{one.where}: {one.rules}: {one.message}" for one in ours], found.failures) == ([], [])


def test_wildcards_of_grants_are_explained_in_roles_of_anyone(found: Report) -> None:
    """That a role of aws-cdk-lib keeps grants in an inline policy is its author's choice; a `ServiceRole` does not."""
    roles = [one for one in found.findings if one.where.startswith(("Shop/Shopfront/", "Shop/Analyst/"))]
    assert {rule.partition("-")[2] for one in roles for rule in one.rules} == {"IAMNoInlinePolicy"}


def test_the_author_s_own_bucket_is_found(found: Report) -> None:
    rules = {rule for one in found.findings if "/Exports/" in one.where for rule in one.rules}
    assert {"AwsSolutions-S1", "HIPAA.Security-S3BucketReplicationEnabled", "CT.S3.PR.9"} <= rules
