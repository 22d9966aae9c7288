"""Database: name, retention, and its part in the grants of zones."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.ingestion.crawler import Crawler
from lake_blueprints.storage.s3 import Zone
from tests.support import (
    assert_passes_the_gates,
    properties,
    resources,
    template_of,
    warnings_of,
)


def reader(stack: cdk.Stack) -> iam.Role:
    return iam.Role(stack, "Reader", assumed_by=iam.AccountRootPrincipal())


def granted_tables(stack: cdk.Stack) -> list[str]:
    """Return the catalog resources of the reader's policy, without what all share."""
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    found = [s["Resource"] for s in statements if str(s["Action"]).count("glue:")]
    ends = [arn["Fn::Join"][1][-1] for arns in found for arn in arns]
    return [end for end in ends if end.startswith(":table/")]


def test_grants_to_service_roles_pass_the_gates(flights: Dataset) -> None:
    def build(stack: cdk.Stack, name: str) -> None:
        zone = Zone(stack, f"{name}Zone")
        database = Database(stack, name, zone=zone, lake_formation=True)
        role = ServiceRole(stack, f"{name}Role", services=["glue.amazonaws.com"], description="Reads and writes")
        database.add_table(flights).grant_read_write(role)
        zone.grant_read(role)

    assert_passes_the_gates(build)


def test_its_name_is_lower_case_and_derived_from_its_path(stack: cdk.Stack) -> None:
    database = Database(stack, "Curated-Data", zone=Zone(stack, "Zone"))
    assert database.database_name.startswith("stack_curated")
    assert database.database_name == properties(template_of(stack), "AWS::Glue::Database")["DatabaseInput"]["Name"]


@pytest.mark.parametrize("name", ["Curated", "curated-data", "2026", "x" * 256])
def test_refuses_a_name_that_the_catalog_changes(stack: cdk.Stack, name: str) -> None:
    with pytest.raises(ValueError, match="a database name must be 1 to 255 lower case letters"):
        Database(stack, "Database", zone=Zone(stack, "Zone"), database_name=name)


def test_a_grant_on_a_prefix_covers_tables_there_and_later_ones_but_no_others(
    stack: cdk.Stack, flights: Dataset
) -> None:
    zone = Zone(stack, "Zone")
    database = Database(stack, "Database", zone=zone, database_name="lake")
    database.add_table(flights, table_name="before", prefix="flights/a/")
    zone.grant_read(reader(stack), prefix="flights/")
    database.add_table(flights, table_name="after", prefix="flights/b/")
    database.add_table(flights, table_name="elsewhere", prefix="weather/")
    assert granted_tables(stack) == [":table/lake/before", ":table/lake/after"]


def test_a_grant_on_a_part_of_a_table_covers_its_entry(stack: cdk.Stack, flights: Dataset) -> None:
    zone = Zone(stack, "Zone")
    Database(stack, "Database", zone=zone, database_name="lake").add_table(flights)
    zone.grant_read(reader(stack), prefix="flights/month=1/")
    assert granted_tables(stack) == [":table/lake/flights"]


def test_a_grant_on_the_zone_is_one_statement_whatever_the_number_of_tables(stack: cdk.Stack, flights: Dataset) -> None:
    zone = Zone(stack, "Zone")
    database = Database(stack, "Database", zone=zone, database_name="lake")
    zone.grant_read(reader(stack))
    for number in range(3):
        database.add_table(flights, table_name=f"t{number}")
    assert granted_tables(stack) == [":table/lake/*"]


def test_a_grant_on_a_crawled_prefix_covers_the_names_of_its_crawler(stack: cdk.Stack) -> None:
    zone, other = Zone(stack, "Zone"), Zone(stack, "Other")
    database = Database(stack, "Database", zone=zone, database_name="lake")
    Crawler(stack, "Crawler", database=database, zone=other, prefixes=["reference/"], table_prefix="ref_")
    role = reader(stack)
    other.grant_read(role, prefix="reference/")
    zone.grant_read(role, prefix="reference/")
    assert granted_tables(stack) == [":table/lake/ref_*"]


def test_a_writer_may_add_partitions_but_not_change_tables(stack: cdk.Stack, flights: Dataset) -> None:
    table = Database(stack, "Database", zone=Zone(stack, "Zone")).add_table(flights)
    table.grant_write(reader(stack))
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    database, entries = [s["Action"] for s in statements if str(s["Action"]).count("glue:")]
    assert database == "glue:GetDatabase"
    assert entries == [
        "glue:GetTable",
        "glue:GetPartition",
        "glue:CreatePartition",
        "glue:BatchCreatePartition",
        "glue:UpdatePartition",
    ]


def permissions(stack: cdk.Stack) -> list[dict[str, Any]]:
    return resources(template_of(stack), "AWS::LakeFormation::PrincipalPermissions")


def test_lake_formation_is_left_alone_by_default(stack: cdk.Stack, flights: Dataset) -> None:
    Database(stack, "Database", zone=Zone(stack, "Zone")).add_table(flights).grant_read(reader(stack))
    assert permissions(stack) == []


def test_lake_formation_repeats_grants_one_after_the_other(stack: cdk.Stack, flights: Dataset) -> None:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"), database_name="lake", lake_formation=True)
    table = database.add_table(flights)
    role = reader(stack)
    table.grant_read(role)
    table.grant_write(role)
    found = permissions(stack)
    assert [(item["Properties"]["Permissions"], *item["Properties"]["Resource"]) for item in found] == [
        (["DESCRIBE"], "Database"),
        (["DESCRIBE", "SELECT"], "Table"),
        (["ALTER", "DESCRIBE", "INSERT"], "Table"),
    ]
    names = [name for name, item in template_of(stack)["Resources"].items() if item in found]
    assert [set(names) & set(item["DependsOn"]) for item in found] == [set(), {names[0]}, {names[1]}]
    assert all(stack.resolve(database.resource.ref)["Ref"] in item["DependsOn"] for item in found)


def test_lake_formation_registers_a_zone_once_in_hybrid_mode(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    for name in ("First", "Second"):
        Database(stack, name, zone=zone, lake_formation=True)
    location = properties(template_of(stack), "AWS::LakeFormation::Resource")
    assert location["HybridAccessEnabled"] is True
    assert location["UseServiceLinkedRole"] is False


def test_lake_formation_grants_a_whole_zone_by_a_wildcard(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    Database(stack, "Database", zone=zone, database_name="lake", lake_formation=True)
    zone.grant_read(reader(stack))
    assert permissions(stack)[-1]["Properties"]["Resource"]["Table"] == {
        "CatalogId": {"Ref": "AWS::AccountId"},
        "DatabaseName": "lake",
        "TableWildcard": {},
    }


def test_lake_formation_leaves_users_to_iam(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    Database(stack, "Database", zone=zone, lake_formation=True)
    zone.grant_read(iam.User(stack, "User"))
    assert permissions(stack) == []


def test_lake_formation_warns_that_it_cannot_grant_names_by_pattern(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    database = Database(stack, "Database", zone=zone, database_name="lake", lake_formation=True)
    Crawler(stack, "Crawler", database=database, prefixes=["reference/"], table_prefix="ref_")
    zone.grant_read(reader(stack), prefix="reference/")
    assert any("cannot grant tables by pattern: grant 'lake.ref_*'" in text for text in warnings_of(stack))


SECRET = Dataset(
    name="passengers",
    columns=[Column(name="seat", type="string"), Column(name="name", type="string", classification="restricted")],
)


def test_lake_formation_leaves_restricted_columns_out_of_a_plain_grant(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    Database(stack, "Database", zone=zone, database_name="lake", lake_formation=True).add_table(SECRET)
    zone.grant_read(reader(stack))
    selected = permissions(stack)[-1]["Properties"]
    assert selected["Permissions"] == ["SELECT"]
    assert selected["Resource"]["TableWithColumns"]["Name"] == "passengers"
    assert selected["Resource"]["TableWithColumns"]["ColumnWildcard"] == {"ExcludedColumnNames": ["name"]}
    assert "TableWildcard" not in str(permissions(stack))


def test_lake_formation_lets_those_select_everything_who_may_see_it(stack: cdk.Stack) -> None:
    database = Database(stack, "Database", zone=Zone(stack, "Zone"), database_name="lake", lake_formation=True)
    database.add_table(SECRET).grant_read(reader(stack), restricted=True)
    assert permissions(stack)[-1]["Properties"]["Resource"]["Table"]["Name"] == "passengers"


def test_lake_formation_refuses_restricted_columns_after_a_grant_of_every_table(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    database = Database(stack, "Database", zone=zone, database_name="lake", lake_formation=True)
    zone.grant_read(reader(stack))
    with pytest.raises(ValueError, match="'passengers' has restricted columns, but in Lake Formation someone"):
        database.add_table(SECRET)
