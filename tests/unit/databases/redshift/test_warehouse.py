"""Warehouse: private, encrypted, bounded, and with just the rights that its datasets need."""

from __future__ import annotations

import datetime
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, Database, Table
from lake_blueprints.contracts import Column, Constraints, Dataset, DatasetFormat
from lake_blueprints.databases.redshift import BreachAction, Period, UsageLimit, Warehouse
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import DESTROY_CONTEXT
from lake_blueprints.storage.s3 import Zone
from tests.support import new_stack, properties, resources, template_of

AIRLINES = Dataset(
    name="airlines", columns=[Column(name="carrier", type="string", required=True)], primary_key=["carrier"]
)
FLIGHTS = Dataset(
    name="flights",
    columns=[
        Column(name="flight", type="int", required=True),
        Column(name="month", type="int", constraints=Constraints(minimum=1, maximum=12)),
    ],
    primary_key=["flight"],
    partition_keys=["month"],
)


def curated(scope: cdk.Stack, construct_id: str = "Curated") -> Database:
    return Database(scope, f"{construct_id}Db", zone=Zone(scope, f"{construct_id}Zone"), database_name="curated")


def build(scope: cdk.Stack, construct_id: str) -> Warehouse:
    zone = Zone(scope, f"{construct_id}Zone")
    database = Database(scope, f"{construct_id}Database", zone=zone)
    warehouse = Warehouse(scope, construct_id, encryption_key=zone.key)
    warehouse.add_dataset(database.add_table(FLIGHTS))
    warehouse.grant_run_statements(
        ServiceRole(scope, f"{construct_id}Runner", services=["states.amazonaws.com"], description="Runs SQL")
    )
    return warehouse


def namespace(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::RedshiftServerless::Namespace")


def workgroup(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::RedshiftServerless::Workgroup")


def test_encrypts_data_secret_and_audit_logs_with_one_key(stack: cdk.Stack) -> None:
    warehouse = build(stack, "Warehouse")
    key = stack.resolve(warehouse.key.key_arn)
    found = namespace(stack)
    assert found["KmsKeyId"] == found["AdminPasswordSecretKmsKeyId"] == key
    assert found["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in found
    groups = resources(template_of(stack), "AWS::Logs::LogGroup")
    assert {str(group["Properties"]["KmsKeyId"]) for group in groups} == {str(key)}


def test_exports_every_audit_log_to_a_group_that_is_there_first(stack: cdk.Stack) -> None:
    build(stack, "Warehouse")
    template = template_of(stack)
    (found,) = resources(template, "AWS::RedshiftServerless::Namespace")
    assert found["Properties"]["LogExports"] == ["userlog", "connectionlog", "useractivitylog"]
    name = found["Properties"]["NamespaceName"]
    names = {template["Resources"][group]["Properties"]["LogGroupName"] for group in found["DependsOn"]}
    assert names == {f"/aws/redshift/{name}/{log}" for log in ("userlog", "connectionlog", "useractivitylog")}
    assert workgroup(stack)["ConfigParameters"][0] == {
        "ParameterKey": "enable_user_activity_logging",
        "ParameterValue": "true",
    }


def test_is_private_and_lets_nobody_in_until_told_to(stack: cdk.Stack) -> None:
    warehouse = build(stack, "Warehouse")
    found = workgroup(stack)
    assert found["PubliclyAccessible"] is False
    assert {"ParameterKey": "require_ssl", "ParameterValue": "true"} in found["ConfigParameters"]
    assert len(found["SubnetIds"]) == 3
    assert "SecurityGroupIngress" not in properties(template_of(stack), "AWS::EC2::SecurityGroup")
    assert found["SecurityGroupIds"] == stack.resolve(
        [group.security_group_id for group in warehouse.connections.security_groups]
    )


def test_opens_its_port_to_a_given_peer() -> None:
    stack = new_stack()
    warehouse = Warehouse(stack, "Warehouse", port=8191)
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    warehouse.connections.allow_default_port_from(ec2.Peer.ipv4("10.0.0.0/16"))
    (rule,) = properties(template_of(stack), "AWS::EC2::SecurityGroup")["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"], rule["CidrIp"]) == (8191, 8191, "10.0.0.0/16")


def test_its_role_is_assumed_by_both_redshifts_and_is_the_default(stack: cdk.Stack) -> None:
    warehouse = build(stack, "Warehouse")
    role = stack.resolve(warehouse.role.role_arn)
    assert namespace(stack)["DefaultIamRoleArn"] == role
    assert namespace(stack)["IamRoles"] == [role]
    trust = stack.resolve(warehouse.role.assume_role_policy)["Statement"]
    assert [statement["Principal"]["Service"] for statement in trust] == [
        "redshift.amazonaws.com",
        "redshift-serverless.amazonaws.com",
    ]


def test_its_role_reads_the_prefix_and_the_catalog_entry_of_each_dataset_and_nothing_else(stack: cdk.Stack) -> None:
    database = curated(stack)
    warehouse = Warehouse(stack, "Warehouse")
    warehouse.add_dataset(database.add_table(FLIGHTS))
    policies = resources(template_of(stack), "AWS::IAM::ManagedPolicy")
    (policy,) = [found["Properties"] for found in policies if "Spectrum" in found["Properties"]["Description"]]
    by_action = {str(item["Action"]): item["Resource"] for item in policy["PolicyDocument"]["Statement"]}
    bucket = stack.resolve(database.zone.bucket.bucket_arn)
    assert by_action["s3:GetObject"] == {"Fn::Join": ["", [bucket, "/flights/*"]]}
    assert by_action["kms:Decrypt"] == stack.resolve(database.key.key_arn)
    assert not any(action in str(by_action) for action in ("Put", "Delete", "Create", "Update"))
    assert ":table/curated/flights" in str(by_action)


@pytest.mark.parametrize(("base", "maximum"), [(4, 8), (8, 16), (512, 1024), (544, 1088), (1024, 2048)])
def test_accepts_each_capacity_that_is_offered_and_at_most_doubles_it(
    stack: cdk.Stack, base: int, maximum: int
) -> None:
    Warehouse(stack, "Warehouse", base_capacity=base).add_dataset(curated(stack).add_table(AIRLINES))
    assert (workgroup(stack)["BaseCapacity"], workgroup(stack)["MaxCapacity"]) == (base, maximum)


@pytest.mark.parametrize("base", [0, 7, 12, 520, 1056])
def test_refuses_a_base_capacity_that_is_not_offered(stack: cdk.Stack, base: int) -> None:
    with pytest.raises(ValueError, match=rf"'base_capacity' must be 4, 8 to 512 .*, got {base} RPUs$"):
        Warehouse(stack, "Warehouse", base_capacity=base)


@pytest.mark.parametrize(
    ("maximum", "message"), [(8, "no less than the base capacity of 16 RPUs, got 8"), (20, "8 to 5632 in steps of 8")]
)
def test_refuses_a_maximum_below_the_base_or_between_steps(stack: cdk.Stack, maximum: int, message: str) -> None:
    with pytest.raises(ValueError, match=rf"'max_capacity' must be .*{message}"):
        Warehouse(stack, "Warehouse", base_capacity=16, max_capacity=maximum)


@pytest.mark.parametrize("port", [5430, 5456, 8190, 8216, 1234])
def test_refuses_a_port_outside_both_ranges(stack: cdk.Stack, port: int) -> None:
    with pytest.raises(ValueError, match=f"'port' must be 5431 to 5455 or 8191 to 8215, got {port}"):
        Warehouse(stack, "Warehouse", port=port)


@pytest.mark.parametrize(("given", "seconds"), [(None, "3600"), (Duration.minutes(5), "300")])
def test_stops_queries_that_run_too_long(stack: cdk.Stack, given: Duration | None, seconds: str) -> None:
    Warehouse(stack, "Warehouse", query_timeout=given).add_dataset(curated(stack).add_table(AIRLINES))
    limits = {item["ParameterKey"]: item["ParameterValue"] for item in workgroup(stack)["ConfigParameters"]}
    assert limits["max_query_execution_time"] == seconds


def test_refuses_a_query_timeout_of_a_day(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'query_timeout' must be 1 to 86399 seconds, got 86400 seconds"):
        Warehouse(stack, "Warehouse", query_timeout=Duration.days(1))


def test_routes_through_the_vpc_only_if_asked_to(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network", endpoints=[ec2.InterfaceVpcEndpointAwsService.GLUE])
    warehouse = Warehouse(stack, "Warehouse", network=network, enhanced_vpc_routing=True)
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    assert workgroup(stack)["EnhancedVpcRouting"] is True
    assert len(resources(template_of(stack), "AWS::EC2::VPC")) == 1


def test_brings_the_endpoint_that_enhanced_routing_needs(stack: cdk.Stack) -> None:
    Warehouse(stack, "Warehouse", enhanced_vpc_routing=True).add_dataset(curated(stack).add_table(AIRLINES))
    endpoints = resources(template_of(stack), "AWS::EC2::VPCEndpoint")
    assert sorted(item["Properties"]["VpcEndpointType"] for item in endpoints) == ["Gateway", "Interface"]


def test_enhanced_routing_brings_its_endpoint_to_a_network_that_is_given(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    warehouse = Warehouse(stack, "Warehouse", network=network, enhanced_vpc_routing=True)
    before = network.services
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    assert [*before, "glue"] == ["s3", "glue"] == list(network.services)


def test_without_enhanced_routing_nothing_works_in_the_network(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    Warehouse(stack, "Warehouse", network=network).add_dataset(curated(stack).add_table(AIRLINES))
    assert network.services == ("s3",)


@pytest.mark.parametrize(
    ("count", "enhanced", "message"),
    [
        (2, True, "Redshift Serverless with enhanced VPC routing needs isolated subnets in 3 .*, got 2; .*az_count=3"),
        (1, False, "Redshift Serverless needs isolated subnets in 2 Availability Zones, got 1; .*az_count=2"),
    ],
)
def test_refuses_a_network_with_too_few_zones(stack: cdk.Stack, count: int, enhanced: bool, message: str) -> None:
    network = LakeNetwork(stack, "Network", az_count=count)
    # A VPC of someone else's, which says no more about itself.
    with pytest.raises(ValueError, match=message):
        Warehouse(stack, "Warehouse", network=network.vpc, enhanced_vpc_routing=enhanced)


def test_deletes_its_data_with_a_last_snapshot_if_construct_and_context_agree() -> None:
    stack = new_stack({DESTROY_CONTEXT: True})
    warehouse = Warehouse(
        stack,
        "Warehouse",
        final_snapshot_kept_for=Duration.days(35),
        log_retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    (found,) = resources(template_of(stack), "AWS::RedshiftServerless::Namespace")
    assert found["DeletionPolicy"] == "Delete"
    assert found["Properties"]["FinalSnapshotName"] == f"{found['Properties']['NamespaceName']}-final"
    assert found["Properties"]["FinalSnapshotRetentionPeriod"] == 35


def test_refuses_to_keep_a_snapshot_for_longer_than_redshift_does(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'final_snapshot_kept_for' must be 1 to 3653 days, got 3654 days"):
        Warehouse(stack, "Warehouse", final_snapshot_kept_for=Duration.days(3654))


def test_sets_up_each_schema_once_before_its_tables(stack: cdk.Stack) -> None:
    database = curated(stack)
    warehouse = Warehouse(stack, "Warehouse")
    tables = [database.add_table(AIRLINES), database.add_table(FLIGHTS)]
    for table in tables:
        warehouse.add_dataset(table)
    assert list(warehouse.tables) == tables
    assert [statement.split(" (")[0] for statement in warehouse.setup_statements()] == [
        "CREATE EXTERNAL SCHEMA IF NOT EXISTS \"curated\" FROM DATA CATALOG DATABASE 'curated' IAM_ROLE default",
        'CREATE TABLE IF NOT EXISTS "public"."airlines"',
        'CREATE TABLE IF NOT EXISTS "public"."flights"',
        'CREATE SCHEMA IF NOT EXISTS "lake_shapes"',
        'CREATE TABLE IF NOT EXISTS "lake_shapes"."airlines"',
        'CREATE TABLE IF NOT EXISTS "lake_shapes"."flights"',
    ]


def test_loads_a_table_from_where_it_lies(stack: cdk.Stack) -> None:
    database = curated(stack)
    warehouse = Warehouse(stack, "Warehouse")
    _, copied = warehouse.load_statements(database.add_table(AIRLINES))
    (inserted,) = warehouse.load_statements(database.add_table(FLIGHTS))
    bucket = stack.resolve(database.zone.bucket.bucket_name)
    assert stack.resolve(copied) == {
        "Fn::Join": [
            "",
            ['COPY "public"."airlines"\nFROM \'s3://', bucket, "/airlines/'\nIAM_ROLE default\nFORMAT AS PARQUET"],
        ]
    }
    assert 'FROM "curated"."flights" AS lake' in inserted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": DatasetFormat.JSON}, "table 'flights' is json; a warehouse loads Parquet"),
        ({"layout": ByPartitionKeys(project=True)}, "the partitions of table 'flights' are projected.*ByPartitionKeys"),
        ({"layout": ArrivalTime(start=datetime.date(2026, 1, 1))}, "the partitions of table 'flights' are projected"),
        ({"table_name": "f" * 128}, "is too long for Redshift: 128 characters, at most 127"),
    ],
)
def test_refuses_a_table_that_redshift_could_not_load(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    table = Table(stack, "Flights", database=curated(stack), dataset=FLIGHTS, **options)
    with pytest.raises(ValueError, match=message):
        Warehouse(stack, "Warehouse").add_dataset(table)


def test_refuses_two_tables_of_one_name(stack: cdk.Stack) -> None:
    warehouse = Warehouse(stack, "Warehouse")
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    other = Database(stack, "Other", zone=Zone(stack, "OtherZone"), database_name="other")
    with pytest.raises(ValueError, match="warehouse 'Stack/Warehouse' already has a table 'airlines'"):
        warehouse.add_dataset(other.add_table(AIRLINES))


def test_whoever_may_run_statements_reads_the_admin_secret_and_nothing_but_this_workgroup(stack: cdk.Stack) -> None:
    warehouse = Warehouse(stack, "Warehouse")
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    warehouse.grant_run_statements(iam.Role(stack, "Runner", assumed_by=iam.AccountRootPrincipal()))
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    run, follow, secret, key = statements
    assert run["Action"] == ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"]
    assert run["Resource"] == stack.resolve(warehouse.workgroup_arn)
    assert follow["Action"] == [
        "redshift-data:DescribeStatement",
        "redshift-data:GetStatementResult",
        "redshift-data:CancelStatement",
    ]
    assert secret["Action"] == "secretsmanager:GetSecretValue"
    namespace_name = stack.resolve(warehouse.namespace_name)
    *_, prefix, name, suffix = secret["Resource"]["Fn::Join"][1]
    assert (prefix, name, suffix) == (":secret:redshift!", namespace_name, "-admin-??????")
    assert (key["Action"], key["Resource"]) == ("kms:Decrypt", stack.resolve(warehouse.key.key_arn))


def test_is_reached_by_the_name_of_the_admin_secret(stack: cdk.Stack) -> None:
    warehouse = Warehouse(stack, "Warehouse", database="lake")
    name = stack.resolve(warehouse.namespace_name)
    assert stack.resolve(warehouse.connection) == {
        "WorkgroupName": stack.resolve(warehouse.workgroup_name),
        "Database": "lake",
        "SecretArn": {"Fn::Join": ["", ["redshift!", name, "-admin"]]},
    }


def test_tells_what_limits_are_to_be_set(stack: cdk.Stack) -> None:
    limit = UsageLimit(rpu_hours=20, period=Period.DAILY, breach_action=BreachAction.DEACTIVATE)
    warehouse = Warehouse(stack, "Warehouse", usage_limits=[limit])
    assert warehouse.usage_limit_requests() == [
        {
            "ResourceArn": warehouse.workgroup_arn,
            "UsageType": "serverless-compute",
            "Amount": 20,
            "Period": "daily",
            "BreachAction": "deactivate",
        }
    ]


def test_whoever_sets_limits_may_list_create_and_change_them(stack: cdk.Stack) -> None:
    warehouse = Warehouse(stack, "Warehouse")
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    warehouse.grant_set_usage_limits(iam.Role(stack, "Setter", assumed_by=iam.AccountRootPrincipal()))
    (statement,) = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert statement["Action"] == [
        "redshift-serverless:ListUsageLimits",
        "redshift-serverless:CreateUsageLimit",
        "redshift-serverless:UpdateUsageLimit",
    ]


def test_refuses_a_limit_of_nothing() -> None:
    with pytest.raises(ValueError, match="'rpu_hours' must be at least 1, got 0"):
        UsageLimit(rpu_hours=0)


def test_loads_restricted_columns_only_if_told_so(stack: cdk.Stack) -> None:
    secret = Dataset(name="crews", columns=[Column(name="name", type="string", classification="restricted")])
    table = curated(stack).add_table(secret)
    warehouse = Warehouse(stack, "Warehouse")
    with pytest.raises(ValueError, match="'crews' has the restricted columns name; grant the table of its masked copy"):
        warehouse.add_dataset(table)
    assert not warehouse.tables
    warehouse.add_dataset(table, restricted=True)
    assert list(warehouse.tables) == [table]
