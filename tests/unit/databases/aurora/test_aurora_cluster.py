"""AuroraCluster: private, encrypted, asleep by default, and awake only where replication is asked for."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2

from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.connections import Connection, DatabaseEngine
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import DESTROY_CONTEXT
from tests.support import new_stack, properties, resources, template_of


def cluster(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::RDS::DBCluster")


def parameters(stack: cdk.Stack) -> dict[str, Any]:
    found: dict[str, Any] = properties(template_of(stack), "AWS::RDS::DBClusterParameterGroup")
    return found


def test_pauses_needs_tls_and_is_encrypted_backed_up_and_protected_by_default(stack: cdk.Stack) -> None:
    found = AuroraCluster(stack, "Orders")
    template = cluster(stack)
    key = stack.resolve(found.key.key_arn)
    scaling = {"MinCapacity": 0, "MaxCapacity": 2, "SecondsUntilAutoPause": 300}
    assert template["ServerlessV2ScalingConfiguration"] == scaling
    assert template["KmsKeyId"] == template["MasterUserSecret"]["KmsKeyId"] == key
    assert (
        template["StorageEncrypted"] is template["ManageMasterUserPassword"] is template["DeletionProtection"] is True
    )
    assert template["EnableIAMDatabaseAuthentication"] is True
    assert template["BackupRetentionPeriod"] == 7
    assert "MasterUserPassword" not in template
    assert "DBClusterIdentifier" not in template
    assert parameters(stack)["Family"] == "aurora-postgresql17"
    assert parameters(stack)["Parameters"] == {"rds.force_ssl": "1"}
    writer = properties(template_of(stack), "AWS::RDS::DBInstance")
    assert (writer["DBInstanceClass"], writer["PubliclyAccessible"]) == ("db.serverless", False)


def test_logs_go_to_an_encrypted_group_that_is_there_before_the_writer(stack: cdk.Stack) -> None:
    AuroraCluster(stack, "Orders")
    template = template_of(stack)
    (writer,) = resources(template, "AWS::RDS::DBInstance")
    (group,) = (template["Resources"][name]["Properties"] for name in writer["DependsOn"])
    assert group["LogGroupName"]["Fn::Join"][1][::2] == ["/aws/rds/cluster/", "/postgresql"]
    assert "KmsKeyId" in group
    assert cluster(stack)["EnableCloudwatchLogsExports"] == ["postgresql"]


def test_nobody_is_let_in_by_itself(stack: cdk.Stack) -> None:
    AuroraCluster(stack, "Orders")
    template = template_of(stack)
    (group,) = resources(template, "AWS::EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group["Properties"]
    assert resources(template, "AWS::EC2::SecurityGroupIngress") == []


def test_its_endpoint_is_that_of_a_connection_which_is_let_in(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    orders = AuroraCluster(stack, "Orders", network=network)
    Connection(stack, "ToOrders", endpoint=orders.endpoint, network=network)
    template = template_of(stack)
    port = stack.resolve(orders.endpoint.port)
    rules = resources(template, "AWS::EC2::SecurityGroupIngress")
    assert port in [rule["Properties"]["FromPort"] for rule in rules]
    glue = properties(template, "AWS::Glue::Connection")["ConnectionInput"]["ConnectionProperties"]
    assert glue["SECRET_ID"] == stack.resolve(orders.secret.secret_arn)
    assert glue["JDBC_CONNECTION_URL"]["Fn::Join"][1][0] == "jdbc:postgresql://"


def test_replication_is_a_parameter_and_keeps_it_awake(stack: cdk.Stack) -> None:
    AuroraCluster(stack, "Orders", replication=True, parameters={"max_replication_slots": "10"})
    assert parameters(stack)["Parameters"] == {
        "rds.force_ssl": "1",
        "rds.logical_replication": "1",
        "max_replication_slots": "10",
    }
    assert cluster(stack)["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 0.5, "MaxCapacity": 2}


def test_mysql_replicates_by_its_binary_log(stack: cdk.Stack) -> None:
    found = AuroraCluster(
        stack, "Orders", engine=DatabaseEngine.MYSQL, version="8.0.mysql_aurora.3.10.0", replication=True
    )
    assert parameters(stack)["Family"] == "aurora-mysql8.0"
    assert parameters(stack)["Parameters"].items() >= {"require_secure_transport": "ON", "binlog_format": "ROW"}.items()
    assert found.endpoint.engine is DatabaseEngine.MYSQL
    assert cluster(stack)["EnableCloudwatchLogsExports"] == ["audit", "error", "slowquery"]


def test_a_cluster_that_does_not_pause_has_no_time_to_pause(stack: cdk.Stack) -> None:
    AuroraCluster(stack, "Orders", min_capacity=1, max_capacity=1)
    assert cluster(stack)["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 1, "MaxCapacity": 1}


@pytest.mark.parametrize(
    ("policy", "of_cluster", "of_writer"),
    [
        (RemovalPolicy.RETAIN, "RetainExceptOnCreate", "RetainExceptOnCreate"),
        (RemovalPolicy.SNAPSHOT, "Snapshot", "Delete"),
        (RemovalPolicy.DESTROY, "Delete", "Delete"),
    ],
)
def test_the_writer_and_the_protection_follow_what_happens_to_the_cluster(
    policy: RemovalPolicy, of_cluster: str, of_writer: str
) -> None:
    stack = new_stack({DESTROY_CONTEXT: True})
    AuroraCluster(stack, "Orders", removal_policy=policy)
    template = template_of(stack)
    ((found,), (writer,)) = (resources(template, f"AWS::RDS::{kind}") for kind in ("DBCluster", "DBInstance"))
    assert (found["DeletionPolicy"], writer["DeletionPolicy"]) == (of_cluster, of_writer)
    assert found["Properties"]["DeletionProtection"] is (policy is not RemovalPolicy.DESTROY)
    (key,) = resources(template, "AWS::KMS::Key")
    kept = "Delete" if policy is RemovalPolicy.DESTROY else "RetainExceptOnCreate"
    assert key["DeletionPolicy"] == kept


def test_signing_in_by_iam_is_for_one_user(stack: cdk.Stack) -> None:
    orders = AuroraCluster(stack, "Orders")
    role = ServiceRole(stack, "Reader", services=["lambda.amazonaws.com"], description="Reads")
    orders.grant_sign_in(role, "reader")
    (policy,) = (
        statement
        for found in resources(template_of(stack), "AWS::IAM::ManagedPolicy")
        for statement in found["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "rds-db:connect"
    )
    assert policy["Resource"]["Fn::Join"][1][-1] == "/reader"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": DatabaseEngine.ORACLE}, "'engine' must be postgresql or mysql, got 'oracle'"),
        ({"min_capacity": 4}, "'min_capacity' must be 2 or less, the 'max_capacity', got 4"),
        ({"min_capacity": 0, "replication": True}, "must be 0.5 or more with 'replication', .* never pauses, got 0"),
        ({"pause_after": Duration.minutes(4)}, "'pause_after' must be 300 to 86400 seconds, got 240 seconds"),
        ({"parameters": {"rds.force_ssl": "0"}}, "'parameters' must leave out .*, got rds.force_ssl; TLS is always"),
    ],
)
def test_options_out_of_range_are_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AuroraCluster(stack, "Orders", **options)


def test_a_network_needs_private_subnets_in_two_zones(stack: cdk.Stack) -> None:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack, "Vpc", vpc_id="vpc-1", availability_zones=["us-east-1a"], public_subnet_ids=["subnet-1"]
    )
    with pytest.raises(ValueError, match=r"private or isolated subnets in 2 Availability Zones, .* has 0"):
        AuroraCluster(stack, "Orders", network=vpc)
