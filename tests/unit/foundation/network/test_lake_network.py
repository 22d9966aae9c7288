"""LakeNetwork: three zones everywhere, no way out, nothing charged by the hour."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork
from tests.support import assert_passes_the_gates, new_stack, properties, resources, template_of


def looked_up(stack: cdk.Stack) -> list[object]:
    """Return what the CDK CLI would have to ask the account for."""
    assembly = cdk.App.of(stack)
    assert assembly is not None
    manifest = json.loads((Path(assembly.synth().directory) / "manifest.json").read_text())
    return list(manifest.get("missing", []))


def zones(stack: cdk.Stack) -> list[object]:
    return [subnet["Properties"]["AvailabilityZone"] for subnet in resources(template_of(stack), "AWS::EC2::Subnet")]


@pytest.mark.parametrize("region", [None, "eu-west-1"])
def test_has_three_zones_whether_or_not_the_stack_is_bound_to_a_region(region: str | None) -> None:
    stack = new_stack(region=region)
    network = LakeNetwork(stack, "Network")
    assert looked_up(stack) == []
    assert zones(stack) == [{"Fn::Select": [index, {"Fn::GetAZs": ""}]} for index in range(3)]
    assert len(network.vpc.isolated_subnets) == 3


@pytest.mark.parametrize("count", [1, 6])
def test_has_as_many_zones_as_asked_for(stack: cdk.Stack, count: int) -> None:
    LakeNetwork(stack, "Network", az_count=count)
    assert len(zones(stack)) == count


@pytest.mark.parametrize("count", [0, 7])
def test_refuses_a_number_of_zones_that_no_region_has(stack: cdk.Stack, count: int) -> None:
    with pytest.raises(ValueError, match=f"'az_count' must be 1 to 6, got {count}"):
        LakeNetwork(stack, "Network", az_count=count)


def test_has_two_zones_in_a_region_that_gives_an_account_no_more() -> None:
    stack = new_stack(region="us-west-1")
    Warehouse(stack, "Warehouse", network=LakeNetwork(stack, "Network"))
    assert len(zones(stack)) == 2


@pytest.mark.parametrize("region", sorted(RegionsAndZonesBackend.zones))
def test_asks_no_region_for_more_zones_than_it_has(region: str) -> None:
    stack = new_stack(region=region)
    LakeNetwork(stack, "Network")
    assert len(zones(stack)) <= len(RegionsAndZonesBackend.zones[region])


def test_a_zone_can_be_named_or_identified() -> None:
    stack = new_stack(region="us-east-1")
    network = LakeNetwork(stack, "Network", availability_zones=["us-east-1c", "use1-az2", "use1-az6"])
    found = [subnet["Properties"] for subnet in resources(template_of(stack), "AWS::EC2::Subnet")]
    assert [(one.get("AvailabilityZone"), one.get("AvailabilityZoneId")) for one in found] == [
        ("us-east-1c", None),
        (None, "use1-az2"),
        (None, "use1-az6"),
    ]
    assert len(network.vpc.isolated_subnets) == 3


def test_a_warehouse_listens_in_the_zones_that_are_identified() -> None:
    def build(stack: cdk.Stack, name: str) -> None:
        Warehouse(
            stack, name, network=LakeNetwork(stack, f"{name}Network", availability_zones=["use1-az1", "use1-az2"])
        )

    assert_passes_the_gates(build)


def test_zones_that_are_tokens_are_not_judged(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "Zones", type="List<AWS::EC2::AvailabilityZone::Name>")
    LakeNetwork(stack, "Network", availability_zones=[cdk.Fn.select(0, parameter.value_as_list)])
    assert zones(stack) == [{"Fn::Select": [0, {"Ref": "Zones"}]}]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"availability_zones": []}, "'availability_zones' must be 1 to 6, got 0"),
        ({"availability_zones": ["eu-west-1a", "eu-west-1a"]}, "must be different ones, got eu-west-1a, eu-west-1a"),
        ({"availability_zones": ["eu-central-1a"]}, "zones of 'eu-west-1', such as eu-west-1a, .* got 'eu-central-1a'"),
        ({"availability_zones": ["eu-west-1a"], "az_count": 2}, "'az_count' is 2, but 'availability_zones' has 1"),
    ],
)
def test_refuses_zones_that_ec2_refuses(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LakeNetwork(new_stack(region="eu-west-1"), "Network", **options)


def test_has_no_way_out_but_to_s3(stack: cdk.Stack) -> None:
    LakeNetwork(stack, "Network")
    template = template_of(stack)
    for kind in ("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::Route", "AWS::EC2::EIP"):
        assert resources(template, kind) == []
    endpoint = properties(template, "AWS::EC2::VPCEndpoint")
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert endpoint["ServiceName"] == {"Fn::Join": ["", ["com.amazonaws.", {"Ref": "AWS::Region"}, ".s3"]]}
    assert len(endpoint["RouteTableIds"]) == 3


def test_keeps_the_ids_of_endpoints_whose_names_only_one_can_have(stack: cdk.Stack) -> None:
    LakeNetwork(stack, "Network", endpoints=[ec2.InterfaceVpcEndpointAwsService.GLUE])
    found = template_of(stack)["Resources"].items()
    ids = {name for name, resource in found if resource["Type"] == "AWS::EC2::VPCEndpoint"}
    assert ids == {"NetworkS3C2BFD8D2", "NetworkAttributesglueFCB38961"}


def test_defines_no_custom_resource(stack: cdk.Stack) -> None:
    LakeNetwork(stack, "Network")
    template = template_of(stack)
    assert [kind for kind in template["Resources"].values() if kind["Type"].startswith("Custom::")] == []
    assert resources(template, "AWS::Lambda::Function") == []


def test_reaches_the_services_that_are_asked_for(stack: cdk.Stack) -> None:
    services = ec2.InterfaceVpcEndpointAwsService
    LakeNetwork(stack, "Network", endpoints=[services.GLUE, services.SECRETS_MANAGER])
    template = template_of(stack)
    found = [item["Properties"] for item in resources(template, "AWS::EC2::VPCEndpoint")]
    interfaces = [item for item in found if item["VpcEndpointType"] == "Interface"]
    assert len(interfaces) == 2
    assert all(item["PrivateDnsEnabled"] and len(item["SubnetIds"]) == 3 for item in interfaces)
    for group in resources(template, "AWS::EC2::SecurityGroup"):
        (rule,) = group["Properties"]["SecurityGroupIngress"]
        assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == ("10.0.0.0/16", 443, 443)


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.16.8.0/24"])
def test_has_the_addresses_that_are_given(stack: cdk.Stack, cidr: str) -> None:
    LakeNetwork(stack, "Network", cidr=cidr)
    assert properties(template_of(stack), "AWS::EC2::VPC")["CidrBlock"] == cidr


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.0.0.0/15", "'cidr' must be of size /16 to /24, got '10.0.0.0/15'"),
        ("10.0.0.0/25", "'cidr' must be of size /16 to /24, got '10.0.0.0/25'"),
        ("10.0.0.1/16", "'cidr' must be IPv4 addresses such as 10.0.0.0/16, got '10.0.0.1/16'"),
        ("lake", "'cidr' must be IPv4 addresses such as 10.0.0.0/16, got 'lake'"),
    ],
)
def test_refuses_addresses_that_a_warehouse_cannot_use(stack: cdk.Stack, cidr: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LakeNetwork(stack, "Network", cidr=cidr)


def test_logs_all_traffic_to_an_encrypted_group(stack: cdk.Stack) -> None:
    key = LakeKey(stack, "Key").key
    network = LakeNetwork(stack, "Network", encryption_key=key, flow_log_retention=logs.RetentionDays.ONE_WEEK)
    template = template_of(stack)
    assert properties(template, "AWS::EC2::FlowLog")["TrafficType"] == "ALL"
    group = properties(template, "AWS::Logs::LogGroup")
    assert group["RetentionInDays"] == 7
    assert group["KmsKeyId"] == stack.resolve(network.key.key_arn) == stack.resolve(key.key_arn)
    (policy,) = resources(template, "AWS::IAM::ManagedPolicy")
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == stack.resolve(network.flow_logs.log_group_arn)


def test_reaches_s3_by_the_name_that_it_has_in_china() -> None:
    stack = new_stack(region="cn-north-1")
    LakeNetwork(stack, "Network")
    name = {"Fn::Join": ["", ["com.amazonaws.", {"Ref": "AWS::Region"}, ".s3"]]}
    assert properties(template_of(stack), "AWS::EC2::VPCEndpoint")["ServiceName"] == name
