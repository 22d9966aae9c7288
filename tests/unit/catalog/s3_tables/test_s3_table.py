"""S3Table and TableZone: the resource types' shape, maintenance, names, grants, and what is refused."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lake_blueprints.catalog.iceberg import Day, SortField
from lake_blueprints.catalog.s3_tables import S3Table, SnapshotManagement, TableZone, UnreferencedFileRemoval
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.encryption import LakeKey
from tests.support import new_stack, properties, resources, template_of

ORDERS = Dataset(
    name="orders",
    description="Every order.",
    version="1.0.0",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="ordered", type="timestamp", description="When."),
        Column(name="total", type="decimal(9,2)"),
        Column(name="lines", type="array<struct<sku:string,prices:map<string,double>>>"),
    ],
    primary_key=["id"],
)
PEOPLE = Dataset(name="people", columns=[Column(name="email", type="string", classification="restricted")])


def table(stack: cdk.Stack, dataset: Dataset = ORDERS, **options: Any) -> S3Table:
    return S3Table(stack, "Table", zone=TableZone(stack, "Zone"), dataset=dataset, **options)


def defined(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::S3Tables::Table")


def metadata(dataset: Dataset = ORDERS, **options: Any) -> dict[str, Any]:
    stack = new_stack()
    table(stack, dataset, **options)
    found: dict[str, Any] = defined(stack)["IcebergMetadata"]
    return found


def test_a_column_has_the_id_that_its_name_always_has() -> None:
    fields = metadata()["IcebergSchemaV2"]["SchemaV2FieldList"]
    fewer = metadata(evolve(ORDERS, columns=ORDERS.columns[:2]))["IcebergSchemaV2"]["SchemaV2FieldList"]
    assert [(one["Name"], one["Type"]) for one in fields[:3]] == [
        ("id", "long"),
        ("ordered", "timestamptz"),
        ("total", "decimal(9, 2)"),
    ]
    assert fields[:2] == fewer


def test_a_nested_type_is_an_object_of_iceberg() -> None:
    lines = metadata()["IcebergSchemaV2"]["SchemaV2FieldList"][3]["Type"]
    assert (lines["type"], lines["element"]["type"]) == ("list", "struct")
    assert [part["name"] for part in lines["element"]["fields"]] == ["sku", "prices"]


def test_what_a_contract_only_says_about_itself_makes_no_other_table() -> None:
    """IcebergMetadata is create-only: another table would be made for another word."""
    reworded = evolve(ORDERS, version="1.1.0", description="All orders.")
    columns = [evolve(one, description="Time.") for one in ORDERS.columns]
    assert metadata(evolve(reworded, columns=columns)) == metadata()


def test_the_template_describes_the_table_as_it_was_created() -> None:
    more = evolve(ORDERS, columns=[evolve(ORDERS.columns[0]), *ORDERS.columns[1:], Column(name="city", type="string")])
    wider = evolve(more, columns=[*more.columns[:2], Column(name="total", type="decimal(12,2)"), *more.columns[3:]])
    assert metadata(wider, created_as=ORDERS) == metadata()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (ORDERS.columns[:3], "no longer has the column 'lines'"),
        ([Column(name="id", type="int"), *ORDERS.columns[1:]], "the type of 'id' of dataset 'orders' was bigint"),
        ([*ORDERS.columns[:2], Column(name="total", type="decimal(9,3)"), ORDERS.columns[3]], "the type of 'total'"),
        ([*ORDERS.columns[:3], Column(name="lines", type="array<string>")], "nested types stay as they are"),
    ],
)
def test_a_change_that_the_table_cannot_follow_is_refused(columns: list[Column], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metadata(evolve(ORDERS, columns=columns), created_as=ORDERS)


def test_partitioning_and_sort_order_name_the_ids_of_columns() -> None:
    found = metadata(partitioning=[Day("ordered")], sort_order=[SortField("id", descending=True)])
    ids = {one["Name"]: one["Id"] for one in found["IcebergSchemaV2"]["SchemaV2FieldList"]}
    (partition,) = found["IcebergPartitionSpec"]["Fields"]
    (order,) = found["IcebergSortOrder"]["Fields"]
    assert (partition["SourceId"], partition["Transform"]) == (ids["ordered"], "day")
    assert (order["SourceId"], order["Direction"], order["NullOrder"]) == (ids["id"], "desc", "nulls-last")
    assert found["TableProperties"]["write.distribution-mode"] == "range"


def test_writers_aim_at_the_size_that_compaction_aims_at() -> None:
    stack = new_stack()
    table(stack, target_file_mb=256)
    found = defined(stack)
    assert found["Compaction"] == {"Status": "enabled", "TargetFileSizeMB": 256}
    assert found["IcebergMetadata"]["TableProperties"]["write.target-file-size-bytes"] == str(256 * 1024 * 1024)


def test_maintenance_is_on_as_s3_has_it() -> None:
    stack = new_stack()
    table(stack)
    found = defined(stack)
    bucket = properties(template_of(stack), "AWS::S3Tables::TableBucket")
    assert found["SnapshotManagement"] == {"Status": "enabled", "MaxSnapshotAgeHours": 120, "MinSnapshotsToKeep": 1}
    assert bucket["UnreferencedFileRemoval"] == {"Status": "Enabled", "UnreferencedDays": 3, "NoncurrentDays": 10}


def test_maintenance_can_be_changed_and_turned_off() -> None:
    stack = new_stack()
    removal = UnreferencedFileRemoval(unreferenced=Duration.days(7), noncurrent=Duration.days(1))
    zone = TableZone(stack, "Zone", unreferenced_file_removal=removal)
    management = SnapshotManagement(max_age=Duration.hours(36), min_snapshots=3)
    S3Table(stack, "Orders", zone=zone, dataset=ORDERS, snapshot_management=management)
    S3Table(stack, "Plain", zone=zone, dataset=PEOPLE, target_file_mb=None, snapshot_management=None)
    template = template_of(stack)
    tables = {one["Properties"]["TableName"]: one["Properties"] for one in resources(template, "AWS::S3Tables::Table")}
    orders, people = tables["orders"], tables["people"]
    assert orders["SnapshotManagement"] == {"Status": "enabled", "MaxSnapshotAgeHours": 36, "MinSnapshotsToKeep": 3}
    assert (people["Compaction"], people["SnapshotManagement"]) == ({"Status": "disabled"}, {"Status": "disabled"})
    removed = properties(template, "AWS::S3Tables::TableBucket")["UnreferencedFileRemoval"]
    assert removed == {"Status": "Enabled", "UnreferencedDays": 7, "NoncurrentDays": 1}


def test_a_zone_is_encrypted_by_a_key_that_lets_its_maintenance_in() -> None:
    stack = new_stack()
    key = kms.Key(stack, "Key")
    TableZone(stack, "Zone", encryption_key=key)
    template = template_of(stack)
    policy = properties(template, "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (maintenance,) = [one for one in policy if one.get("Sid") == "S3Tables"]
    assert maintenance["Principal"] == {"Service": "maintenance.s3tables.amazonaws.com"}
    assert maintenance["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_two_zones_let_maintenance_into_one_key_once() -> None:
    stack = new_stack()
    key = LakeKey(stack, "Key", s3_tables=True).key
    for name in ("One", "Two"):
        TableZone(stack, name, encryption_key=key)
    policy = properties(template_of(stack), "AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert len([one for one in policy if one.get("Sid") == "S3Tables"]) == 1


def test_tables_share_their_namespaces_which_come_first() -> None:
    stack = new_stack()
    zone = TableZone(stack, "Zone")
    for name, namespace in (("One", "lake"), ("Two", "lake"), ("Three", "other")):
        S3Table(stack, name, zone=zone, dataset=ORDERS, table_name=name.lower(), namespace=namespace)
    template = template_of(stack)
    found = {one["Properties"]["Namespace"] for one in resources(template, "AWS::S3Tables::Namespace")}
    assert found == {"lake", "other"}
    assert all(one["DependsOn"] for one in resources(template, "AWS::S3Tables::Table"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table_name": "Orders"}, "a table name must be 1 to 255 lower case letters"),
        ({"namespace": "aws_lake"}, "a namespace must be 1 to 255 lower case letters"),
        ({"target_file_mb": 32}, "'target_file_mb' must be 64 to 512 MB, got 32 MB"),
        ({"properties": {"history.expire.max-snapshot-age-ms": "1"}}, "give 'snapshot_management'"),
        ({"properties": {"write.data.path": "s3://other"}}, "must not have 'write.data.path'"),
        ({"properties": {"format-version": "3"}}, "must not have 'format-version'"),
        ({"sort_order": [SortField("nothing")]}, "must be of its columns id, ordered, total, lines"),
        ({"sort_order": [SortField("lines")]}, "must be of columns without parts"),
        ({"partitioning": [Day("nothing")]}, "nothing"),
    ],
)
def test_what_s3_tables_would_refuse_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        table(new_stack(), **options)


def test_a_name_is_taken_once_in_a_namespace() -> None:
    stack = new_stack()
    zone = TableZone(stack, "Zone")
    S3Table(stack, "One", zone=zone, dataset=ORDERS)
    S3Table(stack, "Two", zone=zone, dataset=ORDERS, namespace="archive")
    with pytest.raises(ValueError, match="namespace 'lake' of zone 'Stack/Zone' already has a table 'orders'"):
        S3Table(stack, "Three", zone=zone, dataset=ORDERS)


def test_restricted_columns_are_granted_by_name() -> None:
    stack = new_stack()
    people = table(stack, PEOPLE)
    role = ServiceRole(stack, "Role", services=["glue.amazonaws.com"], description="Reads")
    for grant in (people.grant_read, people.grant_write, people.grant_read_write, people.grant_erase):
        with pytest.raises(ValueError, match="has the restricted columns email"):
            grant(role)
        grant(role, restricted=True)
    people.grant_describe(role)


def actions(stack: cdk.Stack) -> set[str]:
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    listed = ([one["Action"]] if isinstance(one["Action"], str) else one["Action"] for one in statements)
    return {action for one in listed for action in one}


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        ("grant_describe", {"s3tables:GetTable"}),
        (
            "grant_read",
            {"s3tables:GetTable", "s3tables:GetTableData", "s3tables:GetTableMetadataLocation", "kms:Decrypt"},
        ),
        (
            "grant_read_write",
            {
                *("s3tables:GetTable", "s3tables:GetTableData", "s3tables:GetTableMetadataLocation"),
                *("s3tables:PutTableData", "s3tables:UpdateTableMetadataLocation"),
                *("kms:Decrypt", "kms:GenerateDataKey"),
            },
        ),
    ],
)
def test_a_grant_is_exact(grant: str, allowed: set[str]) -> None:
    find = {"s3tables:GetTableBucket", "s3tables:GetNamespace", "s3tables:ListNamespaces", "s3tables:ListTables"}
    stack = new_stack()
    found = table(stack)
    getattr(found, grant)(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))
    assert actions(stack) == allowed | find


def test_with_the_integration_a_grant_covers_the_entry_in_the_catalog() -> None:
    stack = new_stack()
    zone = TableZone(stack, "Zone", catalog_integration=True)
    orders = S3Table(stack, "Table", zone=zone, dataset=ORDERS)
    orders.grant_read(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))
    assert {"glue:GetCatalog", "glue:GetDatabase", "glue:GetTable"} < actions(stack)


def test_another_account_is_refused() -> None:
    stack = cdk.Stack(
        cdk.App(builtin_cloud_formation_validation=False),
        "Here",
        env=cdk.Environment(account="111122223333", region="eu-central-1"),
    )
    stranger = iam.Role.from_role_arn(stack, "Stranger", "arn:aws:iam::444455556666:role/stranger")
    with pytest.raises(ValueError, match="cannot be granted to another account"):
        table(stack).grant_read(stranger)
