"""IcebergTable: the resource type's shape, properties, layout, maintenance, grants, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.iceberg import (
    Bucket,
    Compaction,
    CompactionStrategy,
    Day,
    IcebergTable,
    Identity,
    OptimizerRole,
    OrphanFileDeletion,
    SnapshotRetention,
    SortField,
)
from lake_blueprints.catalog.iceberg.regions import check_optimizers
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.crawler import Crawler
from lake_blueprints.storage.s3 import LifecycleRule, StorageClass, Transition, Zone
from tests.support import new_stack, properties, resources, template_of

ORDERS = Dataset(
    name="orders",
    description="Every order.",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="ordered", type="timestamp", description="When."),
        Column(name="size", type="tinyint"),
        Column(name="total", type="decimal(9,2)"),
        Column(name="lines", type="array<struct<sku:string,prices:map<string,double>>>"),
    ],
    primary_key=["id"],
)
PEOPLE = Dataset(
    name="people",
    columns=[
        Column(name="email", type="string", classification="restricted"),
        Column(name="city", type="string"),
    ],
)


def database(stack: cdk.Stack, **zone: Any) -> Database:
    return Database(stack, "Database", zone=Zone(stack, "Zone", **zone), database_name="lake")


def table(stack: cdk.Stack, dataset: Dataset = ORDERS, **options: Any) -> IcebergTable:
    return IcebergTable(stack, "Table", database=database(stack), dataset=dataset, **options)


def described(stack: cdk.Stack) -> dict[str, Any]:
    (found,) = resources(template_of(stack), "AWS::Glue::Table")
    iceberg: dict[str, Any] = found["Properties"]["OpenTableFormatInput"]["IcebergInput"]
    return {**iceberg["IcebergTableInput"], "Version": iceberg["Version"]}


def optimizers(stack: cdk.Stack) -> dict[str, Any]:
    found = [one["Properties"] for one in resources(template_of(stack), "AWS::Glue::TableOptimizer")]
    return {one["Type"]: one["TableOptimizerConfiguration"] for one in found}


def actions(stack: cdk.Stack, prefix: str) -> set[str]:
    """Return what the policies of roles whose logical id begins with a prefix allow."""
    policies = template_of(stack)["Resources"].items()
    found = [one for name, one in policies if name.startswith(prefix) and one["Type"] == "AWS::IAM::ManagedPolicy"]
    granted = [each["Action"] for one in found for each in one["Properties"]["PolicyDocument"]["Statement"]]
    return {action for each in granted for action in ([each] if isinstance(each, str) else each)}


def reader(stack: cdk.Stack) -> ServiceRole:
    return ServiceRole(stack, "Grantee", services=["lambda.amazonaws.com"], description="Has a grant")


def test_refuses_optimizers_exactly_where_cloudformation_has_none() -> None:
    """The registry of CloudFormation, as cfn-lint ships it, is the oracle."""
    kind = "AWS::Glue::TableOptimizer"
    lacking = {one for one in REGIONS if kind not in PROVIDER_SCHEMA_MANAGER.get_resource_types(one)}
    refused = set()
    for region in REGIONS:
        try:
            check_optimizers(region)
        except ValueError:
            refused.add(region)
    assert refused == lacking


def test_a_region_without_optimizers_takes_a_table_without_them() -> None:
    with pytest.raises(ValueError, match="CloudFormation has no Glue table optimizers in 'us-west-1'; choose another"):
        table(new_stack(region="us-west-1"))
    stack = new_stack(region="us-west-1")
    table(stack, compaction=None, snapshot_retention=None, orphan_file_deletion=None)
    assert optimizers(stack) == {}


def test_the_entry_is_described_in_open_table_format_input_alone(stack: cdk.Stack) -> None:
    table(stack)
    found = properties(template_of(stack), "AWS::Glue::Table")
    assert found.keys() == {"CatalogId", "DatabaseName", "Name", "OpenTableFormatInput"}
    assert (found["Name"], described(stack)["Version"]) == ("orders", "2")


def test_columns_have_icebergs_types_and_are_optional(stack: cdk.Stack) -> None:
    table(stack)
    fields = described(stack)["Schema"]["Fields"]
    assert [(one["Name"], one["Type"]) for one in fields[:4]] == [
        ("id", "long"),
        ("ordered", "timestamptz"),
        ("size", "int"),
        ("total", "decimal(9, 2)"),
    ]
    assert not any(one["Required"] for one in fields)
    assert fields[1]["Doc"] == "When."


def test_nested_types_are_json_with_ids_of_their_own(stack: cdk.Stack) -> None:
    table(stack)
    fields = described(stack)["Schema"]["Fields"]
    lines = json.loads(fields[4]["Type"])
    assert (lines["type"], lines["element"]["type"]) == ("list", "struct")
    sku, prices = lines["element"]["fields"]
    assert (sku["name"], sku["type"], prices["type"]["type"]) == ("sku", "string", "map")
    assert (prices["type"]["key"], prices["type"]["value"]) == ("string", "double")
    ids = [lines["element-id"], sku["id"], prices["id"], prices["type"]["key-id"], prices["type"]["value-id"]]
    assert len({*ids, *(one["Id"] for one in fields)}) == 10


def test_properties_are_the_lakes_and_the_contracts(stack: cdk.Stack) -> None:
    table(stack, evolve(ORDERS, version="2.1.0"), properties={"write.target-file-size-bytes": "1048576", "team": "x"})
    found = described(stack)["Properties"]
    assert found["write.parquet.compression-codec"] == "zstd"
    assert found["write.delete.mode"] == "copy-on-write"
    assert (found["comment"], found["contract_version"]) == ("Every order.", "2.1.0")
    assert (found["write.target-file-size-bytes"], found["team"]) == ("1048576", "x")
    assert found["history.expire.max-snapshot-age-ms"] == str(5 * 86_400_000)


@pytest.mark.parametrize(
    ("options", "mode"),
    [({}, "none"), ({"partitioning": [Day("ordered")]}, "hash"), ({"sort_order": [SortField("id")]}, "range")],
)
def test_rows_are_distributed_as_the_layout_needs(stack: cdk.Stack, options: dict[str, Any], mode: str) -> None:
    table(stack, **options)
    assert described(stack)["Properties"]["write.distribution-mode"] == mode


@pytest.mark.parametrize("name", ["format-version", "write.data.path", "write.metadata.path"])
def test_refuses_properties_that_it_guarantees(stack: cdk.Stack, name: str) -> None:
    with pytest.raises(ValueError, match=f"'properties' must not have '{name}', got 'x'"):
        table(stack, properties={name: "x"})


def test_is_partitioned_as_the_dataset_says(stack: cdk.Stack) -> None:
    keyed = evolve(ORDERS, partition_keys=["id"])
    assert table(stack, keyed).partitioning == (Identity("id"),)
    said = evolve(keyed, name="said", partitioning=[Day("ordered")])
    second = stack.node.find_child("Database").add_iceberg_table(said)  # type: ignore[attr-defined]
    assert second.partitioning == (Day("ordered"),)
    third = stack.node.find_child("Database").add_iceberg_table(  # type: ignore[attr-defined]
        evolve(said, name="third"), partitioning=[]
    )
    assert third.partitioning == ()


def test_partition_fields_name_their_columns_by_id(stack: cdk.Stack) -> None:
    table(stack, partitioning=[Day("ordered"), Bucket("id", 16)])
    ids = {one["Name"]: one["Id"] for one in described(stack)["Schema"]["Fields"]}
    fields = described(stack)["PartitionSpec"]["Fields"]
    assert [(one["SourceId"], one["Transform"], one["Name"]) for one in fields] == [
        (ids["ordered"], "day", "ordered_day"),
        (ids["id"], "bucket[16]", "id_bucket_16"),
    ]
    assert all(1000 <= one["FieldId"] < 2**24 for one in fields)


def test_refuses_transforms_that_do_not_fit(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'total' is a decimal"):
        table(stack, partitioning=[Day("total")])


def test_refuses_partitions_by_restricted_columns(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="partition key 'email' of dataset 'people' is restricted"):
        table(stack, PEOPLE, partitioning=[Bucket("email", 16)])


def test_rows_are_sorted_as_asked(stack: cdk.Stack) -> None:
    order = [SortField("id"), SortField("ordered", descending=True), SortField("size", nulls_first=False)]
    table(stack, sort_order=order)
    fields = described(stack)["WriteOrder"]["Fields"]
    assert [(one["Direction"], one["NullOrder"]) for one in fields] == [
        ("asc", "nulls-first"),
        ("desc", "nulls-last"),
        ("asc", "nulls-last"),
    ]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ([SortField("when")], "must be of its columns id, .*, got 'when'"),
        ([SortField("lines")], "columns without parts, got 'lines'"),
        ([SortField("id"), SortField("id")], "names 'id' twice"),
    ],
)
def test_refuses_a_sort_order_that_does_not_fit(stack: cdk.Stack, order: list[SortField], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        table(stack, sort_order=order)


def test_has_three_optimizers_of_one_role(stack: cdk.Stack) -> None:
    table(
        stack,
        snapshot_retention=SnapshotRetention(period=Duration.days(7), snapshots=3),
        orphan_file_deletion=OrphanFileDeletion(period=Duration.days(10)),
    )
    found = optimizers(stack)
    assert found["compaction"]["CompactionConfiguration"]["IcebergConfiguration"]["Strategy"] == "binpack"
    assert found["retention"]["RetentionConfiguration"]["IcebergConfiguration"] == {
        "SnapshotRetentionPeriodInDays": 7,
        "NumberOfSnapshotsToRetain": 3,
        "CleanExpiredFiles": True,
    }
    orphans = found["orphan_file_deletion"]["OrphanFileDeletionConfiguration"]["IcebergConfiguration"]
    assert orphans["OrphanFileRetentionPeriodInDays"] == 10
    assert orphans["Location"] == described(stack)["Location"]
    assert len({json.dumps(one["RoleArn"]) for one in found.values()}) == 1


def test_optimizers_come_after_their_table(stack: cdk.Stack) -> None:
    table(stack)
    (entry,) = (name for name, one in template_of(stack)["Resources"].items() if one["Type"] == "AWS::Glue::Table")
    assert all(entry in one["DependsOn"] for one in resources(template_of(stack), "AWS::Glue::TableOptimizer"))


@pytest.mark.parametrize("off", ["compaction", "snapshot_retention", "orphan_file_deletion"])
def test_each_optimizer_can_be_turned_off(stack: cdk.Stack, off: str) -> None:
    options: dict[str, Any] = {off: None}
    table(stack, **options)
    kind = {"snapshot_retention": "retention"}.get(off, off)
    assert optimizers(stack).keys() == {"compaction", "retention", "orphan_file_deletion"} - {kind}


def test_without_optimizers_there_is_no_role(stack: cdk.Stack) -> None:
    found = table(stack, compaction=None, snapshot_retention=None, orphan_file_deletion=None)
    assert found.role is None
    assert not any(one["Type"] == "AWS::Glue::TableOptimizer" for one in template_of(stack)["Resources"].values())


def test_deletion_of_orphan_files_commits_nothing(stack: cdk.Stack) -> None:
    table(stack, compaction=None, snapshot_retention=None)
    granted = actions(stack, "TableRole")
    assert {"s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "glue:GetTable", "kms:Decrypt"} <= granted
    assert not {"s3:PutObject", "glue:UpdateTable", "kms:GenerateDataKey"} & granted


def test_tables_of_a_database_can_share_the_role_of_their_optimizers(stack: cdk.Stack) -> None:
    database = Database(stack, "Shared", zone=Zone(stack, "SharedZone"), lake_formation=True)
    shared = OptimizerRole(stack, "Optimizers", database=database)
    made = [
        database.add_iceberg_table(ORDERS, table_name=name, prefix=f"{name}/", optimizer_role=shared)
        for name in ("one", "other")
    ]
    assert {table.role for table in made} == {shared.role}
    template = template_of(stack)
    optimizers = resources(template, "AWS::Glue::TableOptimizer")
    assert len(optimizers) == 6
    granting = {
        name for name, one in template["Resources"].items() if one["Type"] == "AWS::LakeFormation::PrincipalPermissions"
    }
    # One grant on all tables, however many there are.
    assert len(granting) == 2
    assert all(granting & {*one["DependsOn"]} for one in optimizers)


@pytest.mark.parametrize("of", ["another database", "another zone"])
def test_refuses_a_shared_role_that_may_not_use_the_table(stack: cdk.Stack, of: str) -> None:
    zone = Zone(stack, "SharedZone")
    database, other = (Database(stack, name, zone=zone) for name in ("Shared", "Other"))
    shared = OptimizerRole(stack, "Optimizers", database=database)
    with pytest.raises(ValueError, match=r"'optimizer_role' (is of database|may use the database's zone alone)"):
        if of == "another database":
            other.add_iceberg_table(ORDERS, optimizer_role=shared)
        else:
            database.add_iceberg_table(ORDERS, zone=Zone(stack, "Elsewhere"), optimizer_role=shared)


def test_optimizers_wait_for_their_grants_in_lake_formation(stack: cdk.Stack) -> None:
    governed = Database(stack, "Governed", zone=Zone(stack, "Zone"), lake_formation=True)
    governed.add_iceberg_table(ORDERS)
    template = template_of(stack)
    granting = {
        name
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::LakeFormation::PrincipalPermissions" and "DELETE" in one["Properties"]["Permissions"]
    }
    assert len(granting) == 1
    assert all(granting <= {*one["DependsOn"]} for one in resources(template, "AWS::Glue::TableOptimizer"))


def test_sorting_compaction_needs_a_sort_order(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="compaction by 'z-order' needs a 'sort_order'"):
        table(stack, compaction=Compaction(strategy=CompactionStrategy.Z_ORDER))


def test_a_writer_reads_metadata_and_deletes_nothing(stack: cdk.Stack) -> None:
    table(stack).grant_write(reader(stack))
    granted = actions(stack, "Grantee")
    assert {"s3:PutObject", "s3:GetObject", "glue:GetTable", "glue:UpdateTable", "kms:GenerateDataKey"} <= granted
    assert "s3:DeleteObject" not in granted
    policy = json.dumps(template_of(stack)["Resources"])
    assert "/orders/metadata/*" in policy


def test_a_reader_commits_nothing_and_asks_for_no_partitions(stack: cdk.Stack) -> None:
    table(stack).grant_read(reader(stack))
    granted = actions(stack, "Grantee")
    assert {"s3:GetObject", "glue:GetTable", "kms:Decrypt"} <= granted
    assert not {"glue:UpdateTable", "glue:GetPartitions", "s3:PutObject"} & granted


def test_who_erases_reads_writes_and_deletes(stack: cdk.Stack) -> None:
    table(stack).grant_erase(reader(stack))
    wanted = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "glue:UpdateTable", "kms:GenerateDataKey"}
    assert wanted <= actions(stack, "Grantee")


@pytest.mark.parametrize("grant", ["grant_read", "grant_write", "grant_read_write", "grant_erase"])
def test_restricted_columns_ask_for_clearance(stack: cdk.Stack, grant: str) -> None:
    found = table(stack, PEOPLE)
    with pytest.raises(ValueError, match="table 'people' has the restricted columns email"):
        getattr(found, grant)(reader(stack))


@pytest.mark.parametrize("before", [True, False])
def test_who_writes_the_zone_commits_to_its_iceberg_tables(stack: cdk.Stack, before: bool) -> None:
    found = database(stack)
    if before:
        found.zone.grant_read_write(reader(stack))
    found.add_iceberg_table(ORDERS)
    if not before:
        found.zone.grant_read_write(reader(stack))
    assert "glue:UpdateTable" in actions(stack, "Grantee")
    assert "table/lake/orders" in json.dumps(template_of(stack)["Resources"])


def test_the_entry_stays_when_it_leaves_the_stack(stack: cdk.Stack) -> None:
    table(stack)
    (found,) = resources(template_of(stack), "AWS::Glue::Table")
    assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


ENDS = [
    LifecycleRule(expire_after=Duration.days(365)),
    LifecycleRule(prefix="orders/", expire_after=Duration.days(365)),
    LifecycleRule(prefix="orders/data/", expire_after=Duration.days(365)),
    LifecycleRule(transitions=[Transition(storage_class=StorageClass.GLACIER, after=Duration.days(90))]),
]


@pytest.mark.parametrize("rule", ENDS, ids=["above", "at", "below", "archive"])
def test_refuses_lifecycle_rules_by_age(stack: cdk.Stack, rule: LifecycleRule) -> None:
    with pytest.raises(ValueError, match=r"Iceberg table 'orders'.*limit the rule to"):
        database(stack, lifecycle=[rule]).add_iceberg_table(ORDERS)


def test_refuses_expiry_that_is_promised_later(stack: cdk.Stack) -> None:
    found = table(stack)
    with pytest.raises(ValueError, match="deletes 'orders/' by age, but Iceberg table 'orders' lies at 'orders/'"):
        found.zone.expire("orders/", after=Duration.days(30), because="the contract of dataset 'orders'")


def test_refuses_expiry_that_was_promised_before(stack: cdk.Stack) -> None:
    found = database(stack)
    found.zone.expire("orders/", after=Duration.days(30), because="the contract of dataset 'orders'")
    with pytest.raises(ValueError, match="deletes 'orders/' by age"):
        found.add_iceberg_table(ORDERS)


def test_other_prefixes_and_older_versions_expire(stack: cdk.Stack) -> None:
    rules = [
        LifecycleRule(prefix="raw/", expire_after=Duration.days(30)),
        LifecycleRule(noncurrent_expire_after=Duration.days(1)),
        LifecycleRule(transitions=[Transition(storage_class=StorageClass.INTELLIGENT_TIERING, after=Duration.days(1))]),
    ]
    found = database(stack, lifecycle=rules)
    found.add_iceberg_table(ORDERS)
    found.zone.expire("orders_2/", after=Duration.days(30), because="the contract of dataset 'orders_2'")


@pytest.mark.parametrize("prefix", ["orders/", "orders/lines/", ""])
@pytest.mark.parametrize("first", [True, False])
def test_refuses_other_tables_at_its_prefix(stack: cdk.Stack, prefix: str, first: bool) -> None:
    if not prefix:
        prefix = "all/"
    own = "orders/" if prefix != "all/" else "all/orders/"
    found = database(stack)
    other = evolve(ORDERS, name="other")
    if first:
        found.add_iceberg_table(ORDERS, prefix=own)
        with pytest.raises(ValueError, match="give one of them another prefix"):
            found.add_table(other, prefix=prefix)
    else:
        found.add_table(other, prefix=prefix)
        with pytest.raises(ValueError, match="give one of them another prefix"):
            found.add_iceberg_table(ORDERS, prefix=own)


def test_refuses_an_iceberg_table_within_another_of_any_database(stack: cdk.Stack) -> None:
    found = database(stack)
    found.add_iceberg_table(ORDERS)
    second = Database(stack, "Second", zone=found.zone)
    with pytest.raises(ValueError, match=r"Iceberg table 'lines' lies at 'orders/lines/' of zone .*'orders/'"):
        second.add_iceberg_table(evolve(ORDERS, name="lines"), prefix="orders/lines/")
    second.add_iceberg_table(evolve(ORDERS, name="orders_2"))


def test_refuses_a_crawler_at_its_prefix(stack: cdk.Stack) -> None:
    found = database(stack)
    found.add_iceberg_table(ORDERS)
    with pytest.raises(ValueError, match="crawler 'Stack/Crawler' lies at 'orders/'"):
        Crawler(stack, "Crawler", database=found, prefixes=["orders/"], table_prefix="found_")


def test_a_table_is_there_once(stack: cdk.Stack) -> None:
    found = database(stack)
    found.add_table(ORDERS, prefix="plain/")
    with pytest.raises(ValueError, match="database 'lake' already has a table 'orders'"):
        found.add_iceberg_table(ORDERS)


def test_another_account_may_use_the_files_and_not_the_catalog(stack: cdk.Stack) -> None:
    arn = "arn:aws:iam::444455556666:role/partner"
    table(stack).grant_read(iam.Role.from_role_arn(stack, "Partner", arn))
    assert arn in json.dumps(resources(template_of(stack), "AWS::S3::BucketPolicy"))
