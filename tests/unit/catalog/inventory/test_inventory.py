"""Inventory: reports in another zone, a table without registered partitions, and no way for anybody else to write."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.catalog import Database
from lake_blueprints.catalog.inventory import Inventory, InventoryField, InventoryFrequency
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of


def inventory(stack: cdk.Stack, **options: Any) -> Inventory:
    reports = Zone(stack, "Reports")
    database = Database(stack, "Database", zone=reports)
    return Inventory(stack, "Objects", **{"zone": Zone(stack, "Raw"), "database": database, **options})


def configured(stack: cdk.Stack) -> list[Any]:
    buckets = [one["Properties"] for one in resources(template_of(stack), "AWS::S3::Bucket")]
    return [one for bucket in buckets for one in bucket.get("InventoryConfigurations", [])]


def test_lists_all_versions_every_day_in_parquet(stack: cdk.Stack) -> None:
    found = inventory(stack)
    (one,) = configured(stack)
    assert (one["Enabled"], one["ScheduleFrequency"], one["IncludedObjectVersions"]) == (True, "Daily", "All")
    assert one["Destination"]["Format"] == "Parquet"
    assert one["Destination"]["BucketArn"] == stack.resolve(found.database.zone.bucket.bucket_arn)
    assert "Prefix" not in one


def test_the_table_reads_where_s3_puts_the_lists_for_hive(stack: cdk.Stack) -> None:
    found = inventory(stack, table_name="objects")
    table = properties(template_of(stack), "AWS::Glue::Table")["TableInput"]
    (one,) = configured(stack)
    parts = table["StorageDescriptor"]["Location"]["Fn::Join"][1]
    assert parts[2] == "/inventories/objects/"
    assert parts[-1] == f"/{one['Id']}/hive/"
    assert one["Destination"]["Prefix"] == "inventories/objects"
    assert table["StorageDescriptor"]["InputFormat"].endswith("SymlinkTextInputFormat")
    assert table["Parameters"]["projection.enabled"] == "true"
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert found.table_name == table["Name"] == "objects"


def test_has_a_column_for_each_field(stack: cdk.Stack) -> None:
    fields = [InventoryField.SIZE, InventoryField.ETAG, InventoryField.OBJECT_LOCK_RETAIN_UNTIL_DATE]
    inventory(stack, fields=fields, versions=False, frequency=InventoryFrequency.WEEKLY, source_prefix="flights/")
    (one,) = configured(stack)
    assert one["OptionalFields"] == ["Size", "ETag", "ObjectLockRetainUntilDate"]
    assert (one["IncludedObjectVersions"], one["ScheduleFrequency"], one["Prefix"]) == ("Current", "Weekly", "flights/")
    columns = properties(template_of(stack), "AWS::Glue::Table")["TableInput"]["StorageDescriptor"]["Columns"]
    assert [(column["Name"], column["Type"]) for column in columns] == [
        ("bucket", "string"),
        ("key", "string"),
        ("size", "bigint"),
        ("e_tag", "string"),
        ("object_lock_retain_until_date", "bigint"),
    ]


def test_s3_alone_may_write_reports_and_for_this_account(stack: cdk.Stack) -> None:
    inventory(stack, table_name="objects")
    policies = [one["Properties"]["PolicyDocument"] for one in resources(template_of(stack), "AWS::S3::BucketPolicy")]
    (statement,) = [
        one
        for policy in policies
        for one in policy["Statement"]
        if one.get("Principal") == {"Service": "s3.amazonaws.com"}
    ]
    assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert statement["Resource"]["Fn::Join"][1][-1] == "/inventories/objects/*"
    keys = [one["Properties"]["KeyPolicy"]["Statement"] for one in resources(template_of(stack), "AWS::KMS::Key")]
    assert sum(one.get("Sid") == "S3Inventory" for key in keys for one in key) == 1


def test_deletes_reports_that_are_old(stack: cdk.Stack) -> None:
    inventory(stack, table_name="objects", expire_after=cdk.Duration.days(7))
    buckets = [one["Properties"] for one in resources(template_of(stack), "AWS::S3::Bucket")]
    rules = [one for bucket in buckets for one in bucket["LifecycleConfiguration"]["Rules"]]
    assert [one["ExpirationInDays"] for one in rules if one.get("Prefix") == "inventories/objects/"] == [7]


def test_two_inventories_of_a_zone_are_two_configurations(stack: cdk.Stack) -> None:
    first = inventory(stack, table_name="objects")
    raw = Zone(stack, "More")
    for prefix in ("flights/", "airports/"):
        Inventory(stack, prefix[:-1], zone=raw, database=first.database, source_prefix=prefix)
    assert sorted(one.get("Prefix", "") for one in configured(stack)) == ["", "airports/", "flights/"]
    assert len({one["Id"] for one in configured(stack)}) == 3


def test_refuses_to_list_its_own_reports(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    with pytest.raises(ValueError, match="would list the reports about itself; give a database of another zone"):
        Inventory(stack, "Objects", zone=zone, database=Database(stack, "Database", zone=zone))
