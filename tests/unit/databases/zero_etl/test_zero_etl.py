from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk.assertions import Match, Template

from lake_blueprints.catalog.s3_tables import TableZone
from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.rds import RdsInstance
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.databases.zero_etl import ZeroEtl
from lake_blueprints.foundation.connections import DatabaseEngine
from lake_blueprints.foundation.network import LakeNetwork

ORDERS = Dataset(
    name="orders",
    columns=[Column(name="id", type="bigint", required=True), Column(name="amount", type="decimal(10,2)")],
    primary_key=["id"],
)
WITHOUT_KEY = Dataset(name="visits", columns=[Column(name="page", type="string")])
PERSONAL = Dataset(
    name="people",
    columns=[
        Column(name="id", type="bigint", required=True),
        Column(name="email", type="string", classification="restricted"),
    ],
    primary_key=["id"],
)


@pytest.fixture
def network(stack: cdk.Stack) -> LakeNetwork:
    return LakeNetwork(stack, "Network")


@pytest.fixture
def warehouse(stack: cdk.Stack, network: LakeNetwork) -> Warehouse:
    return Warehouse(stack, "Warehouse", network=network, case_sensitive_identifiers=True)


def cluster(stack: cdk.Stack, network: LakeNetwork, **options: Any) -> AuroraCluster:
    return AuroraCluster(stack, "Shop", **{"database": "shop", "network": network, "zero_etl": True, **options})


def integration(stack: cdk.Stack, warehouse: Warehouse, source: Any, **options: Any) -> ZeroEtl:
    return ZeroEtl(stack, "Integration", **{"source": source, "target": warehouse, "datasets": [ORDERS], **options})


def test_a_cluster_with_zero_etl_logs_what_an_integration_reads(stack: cdk.Stack, network: LakeNetwork) -> None:
    cluster(stack, network)
    Template.from_stack(stack).has_resource_properties(
        "AWS::RDS::DBClusterParameterGroup",
        {
            "Parameters": Match.object_like(
                {
                    "rds.logical_replication": "1",
                    "aurora.enhanced_logical_replication": "1",
                    "aurora.logical_replication_backup": "0",
                    "aurora.logical_replication_globaldb": "0",
                }
            )
        },
    )


def test_the_filter_includes_the_tables_of_the_datasets(
    stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse
) -> None:
    source = cluster(stack, network)
    other = Dataset(name="lines", columns=[Column(name="id", type="bigint", required=True)], primary_key=["id"])
    integration(stack, warehouse, source, datasets=[ORDERS, other], tables={"lines": "sales.OrderLines"})
    Template.from_stack(stack).has_resource_properties(
        "AWS::RDS::Integration",
        {
            "DataFilter": "include: shop.public.orders, include: shop.sales.OrderLines",
            "AdditionalEncryptionContext": {"purpose": "zero-etl"},
        },
    )


def test_a_source_of_another_stack_is_imported(stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse) -> None:
    other = cdk.Stack(stack.node.scope, "Other")  # type: ignore[arg-type]
    source = ServingTable(other, "Served", dataset=ORDERS)
    ZeroEtl(stack, "Integration", source=source, target=warehouse)
    (namespace,) = Template.from_stack(stack).find_resources("AWS::RedshiftServerless::Namespace").values()
    policy = str(namespace["Properties"]["NamespaceResourcePolicy"])
    assert "Fn::ImportValue" in policy
    assert "Served" in policy


def test_refuses_more_tables_than_a_filter_can_name(
    stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse
) -> None:
    many = [evolve(ORDERS, name=f"orders_{number}_{'x' * 200}") for number in range(120)]
    with pytest.raises(ValueError, match=r"the data filter of 120 tables has 2\d,\d+ characters, and must have"):
        integration(stack, warehouse, cluster(stack, network), datasets=many)


def test_a_filter_of_mysql_names_no_schema(stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse) -> None:
    integration(stack, warehouse, cluster(stack, network, engine=DatabaseEngine.MYSQL))
    properties = {"DataFilter": "include: shop.orders"}
    Template.from_stack(stack).has_resource_properties("AWS::RDS::Integration", properties)


def test_a_cluster_is_no_source_before_it_has_an_instance(
    stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse
) -> None:
    integration(stack, warehouse, cluster(stack, network))
    template = Template.from_stack(stack)
    writers = template.find_resources("AWS::RDS::DBInstance")
    (found,) = template.find_resources("AWS::RDS::Integration").values()
    assert {*writers} <= {*found["DependsOn"]}
    assert any("Workgroup" in name for name in found["DependsOn"])


def test_an_instance_is_a_source_too(stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse) -> None:
    source = RdsInstance(stack, "Shop", database="shop", network=network, zero_etl=True)
    integration(stack, warehouse, source)
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::RDS::Integration", 1)
    parameters = Match.object_like({"rds.replica_identity_full": "1", "max_replication_slots": "20"})
    template.has_resource_properties("AWS::RDS::DBParameterGroup", {"Parameters": parameters})


def test_a_table_may_be_exported_by_integrations_of_the_account(stack: cdk.Stack, warehouse: Warehouse) -> None:
    table = ServingTable(stack, "Served", dataset=ORDERS)
    made = integration(stack, warehouse, table, datasets=[])
    assert made.database == "served"
    template = Template.from_stack(stack)
    template.resource_count_is("AWS::Redshift::Integration", 1)
    admitted = {"Principal": {"Service": "redshift.amazonaws.com"}, "Resource": "*"}
    statements = [
        Match.object_like({**admitted, "Action": ["dynamodb:ExportTableToPointInTime", "dynamodb:DescribeTable"]}),
        Match.object_like({**admitted, "Action": "dynamodb:DescribeExport"}),
    ]
    template.has_resource_properties(
        "AWS::DynamoDB::Table", {"ResourcePolicy": {"PolicyDocument": {"Statement": statements}}}
    )


def test_a_warehouse_takes_each_source_and_the_accounts_principals_once(
    stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse
) -> None:
    integration(stack, warehouse, cluster(stack, network))
    ZeroEtl(stack, "Other", source=ServingTable(stack, "Served", dataset=ORDERS), target=warehouse)
    (namespace,) = Template.from_stack(stack).find_resources("AWS::RedshiftServerless::Namespace").values()
    statements = namespace["Properties"]["NamespaceResourcePolicy"]["Statement"]
    assert [one["Action"] for one in statements] == [
        "redshift:AuthorizeInboundIntegration",
        "redshift:CreateInboundIntegration",
        "redshift:AuthorizeInboundIntegration",
    ]
    assert all("Resource" not in one for one in statements)
    assert len({one["Sid"] for one in statements if "Sid" in one}) == 2


def test_alarms_tell_of_changes_that_are_late_and_of_tables_that_failed(
    stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse
) -> None:
    made = integration(stack, warehouse, cluster(stack, network), lag=cdk.Duration.minutes(5))
    assert [(one.metric, one.threshold) for one in made.alarm_specs] == [
        ("IntegrationLag", 300),
        ("IntegrationNumTablesFailedReplication", 0),
    ]


def test_restricted_columns_are_replicated_only_if_asked_for(
    stack: cdk.Stack, network: LakeNetwork, warehouse: Warehouse
) -> None:
    source = cluster(stack, network)
    with pytest.raises(ValueError, match=r"'people' has the restricted columns email.*restricted=True"):
        integration(stack, warehouse, source, datasets=[PERSONAL])
    ZeroEtl(stack, "Asked", source=source, target=warehouse, datasets=[PERSONAL], restricted=True)


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        ({"zero_etl": False}, {}, "'Shop' does not log .* give it zero_etl=True, and reboot"),
        ({"version": "16.3"}, {}, "'version' of source 'Shop' must be 16.4 or later for zero-ETL, got 16.3"),
        ({}, {"datasets": []}, "'datasets' must name at least one"),
        ({}, {"datasets": [WITHOUT_KEY]}, "'visits' must have a primary key"),
        ({}, {"tables": {"lines": "x"}}, "'tables' names 'lines', which is not in 'datasets': orders"),
        ({}, {"tables": {"orders": "my orders"}}, "names such as sales.orders.*got 'my orders'"),
        ({}, {"tables": {"orders": "a.b.c"}}, "got 'a.b.c'"),
        ({}, {"database": "Shop"}, "'database' must be up to 127 lower case"),
        ({}, {"database": "dev"}, "'database' must not be 'dev', which warehouse 'Warehouse' has already"),
        ({}, {"refresh_interval": cdk.Duration.days(6)}, "'refresh_interval' must be 0 to 432000 seconds"),
    ],
)
def test_what_aws_would_refuse_after_half_an_hour_is_refused_at_once(
    warehouse: Warehouse, given: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    stack = cdk.Stack.of(warehouse)
    source = cluster(stack, LakeNetwork(stack, "Other"), **given)
    with pytest.raises(ValueError, match=message):
        integration(stack, warehouse, source, **options)


def test_a_warehouse_must_keep_the_case_of_names(stack: cdk.Stack, network: LakeNetwork) -> None:
    plain = Warehouse(stack, "Warehouse", network=network)
    with pytest.raises(ValueError, match=r"'Warehouse' must keep the case.*case_sensitive_identifiers=True"):
        integration(stack, plain, cluster(stack, network))


def test_a_table_needs_a_backup_and_no_datasets(stack: cdk.Stack, warehouse: Warehouse) -> None:
    plain = ServingTable(stack, "Plain", dataset=ORDERS, point_in_time_recovery=False)
    with pytest.raises(ValueError, match="'Plain' has no 'point_in_time_recovery'"):
        integration(stack, warehouse, plain, datasets=[])
    table = ServingTable(stack, "Served", dataset=ORDERS)
    with pytest.raises(ValueError, match="'datasets' must be left out"):
        ZeroEtl(stack, "Other", source=table, target=warehouse, datasets=[ORDERS])
    with pytest.raises(ValueError, match="'refresh_interval' must be 900 to 432000 seconds, got 60 seconds"):
        ZeroEtl(stack, "Often", source=table, target=warehouse, refresh_interval=cdk.Duration.minutes(1))


def test_a_table_zone_is_refused_with_the_reason(stack: cdk.Stack) -> None:
    zone = TableZone(stack, "Zone")
    table = ServingTable(stack, "Served", dataset=ORDERS)
    with pytest.raises(ValueError, match="'target' must be a Warehouse, got a TableZone: CloudFormation has no type"):
        ZeroEtl(stack, "Integration", source=table, target=zone)


def test_source_and_target_are_in_one_region() -> None:
    app = cdk.App(builtin_cloud_formation_validation=False)
    here, there = (cdk.Stack(app, name, env=cdk.Environment(region=name)) for name in ("eu-west-1", "us-east-1"))
    warehouse = Warehouse(here, "Warehouse", case_sensitive_identifiers=True)
    with pytest.raises(ValueError, match="must be in one Region, got us-east-1 and eu-west-1"):
        ZeroEtl(here, "Integration", source=ServingTable(there, "Served", dataset=ORDERS), target=warehouse)
