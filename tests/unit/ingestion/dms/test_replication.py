"""Replication: mappings, settings, roles, landing, alarms and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_sns as sns

from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.connections import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.ingestion.dms import Instance, Replication, ReplicationMode, Serverless
from lake_blueprints.processing.curation import Curation, CurationJob, Newest, merge_changes
from tests.conformance.fixtures import FLIGHTS, Fixtures
from tests.support import properties, resources, template_of
from tests.unit.foundation.connections.sample import shop
from tests.unit.ingestion.dms.sample import options

ORDERS = Dataset(name="order_items", columns=[Column(name="id", type="bigint")], primary_key=["id"])
INSTANCE = Instance(instance_class="dms.t3.medium")


def define(stack: cdk.Stack, **given: Any) -> Replication:
    return Replication(stack, "Shop", **{**options(Fixtures(stack)), **given})


def config(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::DMS::ReplicationConfig")


def endpoint(stack: cdk.Stack, kind: str) -> dict[str, Any]:
    found = resources(template_of(stack), "AWS::DMS::Endpoint")
    return next(one["Properties"] for one in found if one["Properties"]["EndpointType"] == kind)


def test_selects_each_table_by_its_whole_name_and_no_other(stack: cdk.Stack) -> None:
    define(stack, datasets=[FLIGHTS, ORDERS], tables={"order_items": "sales.Items"}, schema="air")
    rules = config(stack)["TableMappings"]["rules"]
    assert [(one["rule-action"], one["object-locator"]) for one in rules] == [
        ("explicit", {"schema-name": "air", "table-name": "flights"}),
        ("explicit", {"schema-name": "sales", "table-name": "Items"}),
    ]


def test_neither_deletes_from_the_zone_nor_goes_on_without_a_row(stack: cdk.Stack) -> None:
    define(stack)
    settings = config(stack)["ReplicationSettings"]
    assert settings["FullLoadSettings"] == {"TargetTablePrepMode": "DO_NOTHING"}
    handled = settings["ChangeProcessingDdlHandlingPolicy"]
    assert (handled["HandleSourceTableTruncated"], handled["HandleSourceTableDropped"]) == (False, False)
    assert settings["ErrorBehavior"]["DataErrorPolicy"] == settings["ErrorBehavior"]["TableErrorPolicy"] == "STOP_TASK"
    assert endpoint(stack, "source")["PostgreSqlSettings"]["FailTasksOnLobTruncation"] is True


def test_writes_parquet_in_which_a_loaded_row_is_older_than_every_change(stack: cdk.Stack) -> None:
    define(stack)
    found = endpoint(stack, "target")["S3Settings"]
    assert (found["DataFormat"], found["TimestampColumnName"], found["BucketFolder"]) == (
        "parquet",
        "cdc_commit_ts",
        "replicated",
    )
    assert found["IncludeOpForFullLoad"] is True
    assert found["UseTaskStartTimeForFullLoadTimestamp"] is True


def test_signs_in_by_the_secret_over_an_encrypted_connection(stack: cdk.Stack) -> None:
    define(stack)
    found = endpoint(stack, "source")
    assert (found["EngineName"], found["SslMode"], found["DatabaseName"]) == ("postgres", "require", "shop")
    assert {"ServerName", "Port", "Username", "Password"}.isdisjoint(found)
    define_again = {"certificate_arn": "arn:aws:dms:eu-central-1:123456789012:cert:ca"}
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    define(other, **define_again)
    assert endpoint(other, "source")["SslMode"] == "verify-full"


def test_has_capacity_of_its_own_or_an_instance_with_a_task(stack: cdk.Stack) -> None:
    define(stack)
    capacity = config(stack)["ComputeConfig"]
    assert (capacity["MinCapacityUnits"], capacity["MaxCapacityUnits"], capacity["MultiAZ"]) == (1, 4, False)
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    define(other, compute=INSTANCE, mode=ReplicationMode.CHANGES)
    found = template_of(other)
    assert properties(found, "AWS::DMS::ReplicationInstance")["PubliclyAccessible"] is False
    task = properties(found, "AWS::DMS::ReplicationTask")
    assert task["MigrationType"] == "cdc"
    assert json.loads(task["TableMappings"])["rules"][0]["rule-action"] == "explicit"
    assert not resources(found, "AWS::DMS::ReplicationConfig")


def test_makes_the_roles_of_the_account_before_the_subnet_group_only_if_asked(stack: cdk.Stack) -> None:
    define(stack)
    assert not [one for one in resources(template_of(stack), "AWS::IAM::Role") if "RoleName" in one["Properties"]]
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    define(other, create_account_roles=True)
    found = template_of(other)
    named = {
        logical_id
        for logical_id, one in found["Resources"].items()
        if one["Properties"].get("RoleName") in ("dms-vpc-role", "dms-cloudwatch-logs-role")
    }
    (group,) = resources(found, "AWS::DMS::ReplicationSubnetGroup")
    assert len(named) == 2
    assert named <= set(group["DependsOn"])


@pytest.mark.parametrize(
    ("compute", "kind", "failed", "names"),
    [
        (Serverless(), "DMS Replication State Change", "REPLICATION_FAILED", {"ReplicationConfigId"}),
        (
            INSTANCE,
            "DMS Replication Task State Change",
            "REPLICATION_TASK_FAILED",
            {"ReplicationInstanceIdentifier", "ReplicationTaskIdentifier"},
        ),
    ],
)
def test_reports_delay_by_metrics_and_failure_by_its_event(
    stack: cdk.Stack, compute: Serverless | Instance, kind: str, failed: str, names: set[str]
) -> None:
    define(stack, compute=compute, alarm_topic=sns.Topic(stack, "Topic", enforce_ssl=True))
    found = template_of(stack)
    alarms = [one["Properties"] for one in resources(found, "AWS::CloudWatch::Alarm")]
    assert {one["MetricName"] for one in alarms} == {"CDCLatencySource", "CDCLatencyTarget"}
    assert all({each["Name"] for each in one["Dimensions"]} == names for one in alarms)
    pattern = properties(found, "AWS::Events::Rule")["EventPattern"]
    assert (pattern["detail-type"], pattern["detail"]) == ([kind], {"eventType": [failed]})


def test_a_full_load_alone_has_no_delay(stack: cdk.Stack) -> None:
    assert define(stack, mode=ReplicationMode.FULL_LOAD).alarm_specs == ()


def test_lands_changes_that_curation_merges_by_key_and_commit(stack: cdk.Stack) -> None:
    lake = Fixtures(stack)
    landing = Replication(stack, "Shop", **options(lake)).landing(FLIGHTS)
    assert landing.prefix == "replicated/public/flights/"
    assert landing.dataset.column_names == ("op", "id", "carrier", "delay", "cdc_commit_ts")
    curation = merge_changes(landing, Curation(drop=["delay"]))
    assert curation.keep == Newest(by="cdc_commit_ts", deleted="op = 'D'")
    curated = curation.curated(landing.dataset)
    assert curated.column_names == ("id", "carrier", "cdc_commit_ts")
    table = IcebergTable(stack, "Table", database=lake.database, dataset=curated)
    CurationJob(stack, "Curate", source=landing, target=table, curation=curation)
    with pytest.raises(ValueError, match=r"whose records are changes; use curation=merge_changes\(landing\)"):
        CurationJob(stack, "Rows", source=landing, target=table)
    with pytest.raises(ValueError, match=r"'curation.keep' is what merge_changes sets"):
        merge_changes(landing, curation)


def test_records_that_are_rows_are_not_merged(stack: cdk.Stack) -> None:
    landing = Replication(stack, "Shop", **options(Fixtures(stack))).landing(FLIGHTS)
    rows = type(landing)(zone=landing.zone, prefix="up/", dataset=FLIGHTS, layout=landing.layout)
    with pytest.raises(ValueError, match=r"records are rows and no changes"):
        merge_changes(rows)


def mysql(lake: Fixtures, engine: DatabaseEngine = DatabaseEngine.MYSQL) -> DatabaseEndpoint:
    return DatabaseEndpoint(engine=engine, host="h", database="shop", secret=shop(lake).secret)


def test_the_schema_of_mysql_is_its_database(stack: cdk.Stack) -> None:
    lake = Fixtures(stack)
    given = {**options(lake), "source": mysql(lake), "certificate_arn": "arn:aws:dms:eu-central-1:123456789012:cert:ca"}
    assert Replication(stack, "Shop", **given).landing(FLIGHTS).prefix == "replicated/shop/flights/"
    assert "DatabaseName" not in endpoint(stack, "source")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"datasets": []}, "'datasets' must name at least one dataset"),
        ({"datasets": [FLIGHTS, FLIGHTS]}, "is that of two datasets"),
        ({"datasets": [evolve(FLIGHTS, primary_key=[])]}, "dataset 'flights' must have a primary key"),
        ({"datasets": [evolve(FLIGHTS, columns=[*FLIGHTS.columns, Column(name="op", type="string")])]}, "column 'op'"),
        ({"tables": {"orders": "a.b"}}, "'tables' names 'orders', which is not in 'datasets': flights"),
        ({"tables": {"flights": ".b"}}, r"'tables' must be names such as public.orders, got '.b'"),
        ({"prefix": "replicated"}, "replicated"),
        ({"file_interval": cdk.Duration.hours(2)}, "'file_interval' must be 1 to 3,600 seconds, got 7200"),
        ({"lob_max_kb": 0}, "'lob_max_kb' must be 1 to 102,400 KB, got 0"),
    ],
)
def test_refuses_what_would_replicate_nothing(stack: cdk.Stack, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        define(stack, **given)


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (DatabaseEngine.REDSHIFT, "'source' must be of an engine that DMS reads, .*got redshift"),
        (DatabaseEngine.MYSQL, "'certificate_arn' is missing: mysql encrypts"),
        (DatabaseEngine.ORACLE, "'schema' is missing: oracle has no usual one"),
    ],
)
def test_refuses_a_source_that_it_cannot_read_safely(stack: cdk.Stack, engine: DatabaseEngine, message: str) -> None:
    lake = Fixtures(stack)
    schema = {"schema": "s"} if engine is DatabaseEngine.REDSHIFT else {}
    with pytest.raises(ValueError, match=message):
        Replication(stack, "Shop", **{**options(lake), "source": mysql(lake, engine), **schema})


def test_endpoints_for_files_and_credentials_follow(stack: cdk.Stack) -> None:
    lake = Fixtures(stack)
    given = options(lake)
    Replication(stack, "Shop", **given)
    assert given["network"].services == ("s3", "secretsmanager")


def test_refuses_a_network_without_a_second_zone(stack: cdk.Stack) -> None:
    lake = Fixtures(stack)
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id="vpc-1", availability_zones=["a"], isolated_subnet_ids=["subnet-1"]
    )
    with pytest.raises(ValueError, match=r"private subnets in 2 Availability Zones for DMS; '.*/Vpc' has 1"):
        Replication(stack, "Narrow", **{**options(lake), "network": vpc})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"min_capacity": 3}, "'min_capacity' must be 1, 2, 4"),
        ({"min_capacity": 8}, "'min_capacity' must be at most 'max_capacity', 4, got 8"),
    ],
)
def test_refuses_capacity_that_dms_does_not_have(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Serverless(**values)


def test_refuses_an_instance_of_another_service() -> None:
    with pytest.raises(ValueError, match=r"'instance_class' must be a class of DMS"):
        Instance(instance_class="db.t3.medium")


def test_only_what_is_replicated_lands(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"'order_items' is not replicated by '.*/Shop'; it replicates flights"):
        define(stack).landing(ORDERS)
