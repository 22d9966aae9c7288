"""Connection: its defaults, each option and each failure."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2

from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.connections import Connection, DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from lake_blueprints.foundation.network import LakeNetwork
from tests.support import properties, resources, template_of


@pytest.fixture
def shop(stack: cdk.Stack) -> DatabaseEndpoint:
    user = DatabaseSecret(stack, "User", username="lake_reader")
    return DatabaseEndpoint(
        engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret
    )


def test_is_encrypted_and_reads_its_credentials_from_the_secret(stack: cdk.Stack, shop: DatabaseEndpoint) -> None:
    Connection(stack, "Shop", endpoint=shop, network=LakeNetwork(stack, "Network"))
    template = template_of(stack)
    (secret,) = (name for name, one in template["Resources"].items() if one["Type"] == "AWS::SecretsManager::Secret")
    assert properties(template, "AWS::Glue::Connection")["ConnectionInput"]["ConnectionProperties"] == {
        "JDBC_CONNECTION_URL": "jdbc:postgresql://shop.example.com:5432/shop",
        "JDBC_ENFORCE_SSL": "true",
        "SECRET_ID": {"Ref": secret},
    }


def test_its_clients_reach_each_other_the_database_and_services_alone(stack: cdk.Stack, shop: DatabaseEndpoint) -> None:
    Connection(stack, "Shop", endpoint=shop, network=LakeNetwork(stack, "Network"))
    template = template_of(stack)
    egress = properties(template, "AWS::EC2::SecurityGroup")["SecurityGroupEgress"]
    assert [(rule["CidrIp"], rule["FromPort"]) for rule in egress] == [("0.0.0.0/0", 443), ("0.0.0.0/0", 5432)]
    for rule in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
        found = properties(template, rule)
        assert (found["FromPort"], found["ToPort"]) == (0, 65535)


def test_the_group_of_a_warehouse_admits_the_clients_on_its_port_alone(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    warehouse = Warehouse(stack, "Warehouse", network=network)
    Connection(stack, "ToWarehouse", endpoint=warehouse.endpoint, network=network)
    template = template_of(stack)
    admitted = [
        rule["Properties"]["FromPort"]
        for rule in resources(template, "AWS::EC2::SecurityGroupIngress")
        if "Warehouse" in str(rule["Properties"]["GroupId"]) and "ToWarehouse" not in str(rule["Properties"]["GroupId"])
    ]
    assert admitted == [5439]


def test_a_network_of_public_subnets_is_refused(stack: cdk.Stack, shop: DatabaseEndpoint) -> None:
    public = ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC)
    vpc = ec2.Vpc(stack, "Vpc", subnet_configuration=[public])
    with pytest.raises(ValueError, match="'network' must have a private or isolated subnet"):
        Connection(stack, "Shop", endpoint=shop, network=vpc)
