"""Endpoints: those that work in the network needs, for principals of this account and resources that are known."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Annotations, Match

from lake_blueprints.foundation.access import Permission, ServiceRole, allow
from lake_blueprints.foundation.access.permissions import with_secret_key
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network import LakeNetwork, VpcEndpoints
from lake_blueprints.foundation.network.working import work_in
from tests.conformance.prices import table
from tests.support import ROOT, new_stack, properties, resources, template_of

SERVICES = ec2.InterfaceVpcEndpointAwsService
ACCOUNT = {"Ref": "AWS::AccountId"}


def role(stack: cdk.Stack, name: str, *actions: str, **options: Any) -> ServiceRole:
    found = ServiceRole(stack, name, services=["glue.amazonaws.com"], description="Works in the network")
    allowed: dict[str, Any] = {"because": "works", "sources": ("https://docs.aws.amazon.com/",)}
    allow(found, *(Permission(actions=(action,), **{**allowed, **options}) for action in actions))
    return found


def given(stack: cdk.Stack, **options: Any) -> ec2.IVpc:
    return ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        **{
            "availability_zones": ["eu-west-1a"],
            "vpc_cidr_block": "10.0.0.0/16",
            "isolated_subnet_ids": ["subnet-1"],
            "isolated_subnet_route_table_ids": ["rtb-1"],
            **options,
        },
    )


def endpoints(stack: cdk.Stack) -> dict[str, Any]:
    """Return the endpoints of a stack by the names of their services."""
    found = [item["Properties"] for item in resources(template_of(stack), "AWS::EC2::VPCEndpoint")]
    return {one["ServiceName"]["Fn::Join"][1][-1].removeprefix("."): one for one in found}


def warnings(stack: cdk.Stack) -> list[Any]:
    template_of(stack)
    ours = Match.string_like_regexp("lake-blueprints:endpoint:")
    return [one.entry.data for one in Annotations.from_stack(stack).find_warning("*", ours)]


def names(network: LakeNetwork) -> list[str]:
    return list(network.services)


def test_follow_grants_before_and_after_the_work_begins(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    worker = role(stack, "Role", "glue:GetTable")
    assert names(network) == ["s3"]
    work_in(network.vpc.isolated_subnets, worker)
    assert names(network) == ["s3", "glue"]
    allow(worker, Permission(actions=("cloudwatch:PutMetricData",), because="measures", sources=("https://aws",)))
    assert names(network) == ["s3", "glue", "monitoring"]
    assert endpoints(stack).keys() == {"s3", "glue", "monitoring"}


def test_lead_to_nothing_that_a_service_calls_for_the_role(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    worker = role(stack, "Role", "logs:PutLogEvents", by_service=True)
    key = LakeKey(stack, "Key").key
    allow(worker, with_secret_key(key, key.key_arn, "arn:aws:secretsmanager:::secret:one", "signs in"))
    allow(worker, Permission(actions=("iam:PassRole",), on=("arn",), because="passes", sources=("https://aws",)))
    work_in(network.vpc.isolated_subnets, worker)
    assert network.services == ("s3",)


def test_of_dynamodb_are_free_gateways(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    work_in(network.vpc.isolated_subnets, role(stack, "Role", "dynamodb:GetItem"))
    endpoint = endpoints(stack)["dynamodb"]
    assert (endpoint["VpcEndpointType"], len(endpoint["RouteTableIds"])) == ("Gateway", 3)


def test_of_images_come_with_the_bucket_of_their_layers(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network")
    work_in(network.vpc.isolated_subnets, role(stack, "Role", "ecr:BatchGetImage"))
    assert network.services == ("s3", "ecr.api", "ecr.dkr")
    _, layers = endpoints(stack)["s3"]["PolicyDocument"]["Statement"]
    assert layers["Action"] == "s3:GetObject"
    assert layers["Resource"]["Fn::Join"][1][-2:] == [{"Ref": "AWS::Region"}, "-starport-layer-bucket/*"]


def test_admit_this_account_alone(stack: cdk.Stack) -> None:
    LakeNetwork(stack, "Network", endpoints=[SERVICES.GLUE])
    for name, endpoint in endpoints(stack).items():
        (statement,) = endpoint["PolicyDocument"]["Statement"]
        assert statement["Action"] == f"{name}:*"
        equal = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}
        assert statement["Condition"] == {"StringEquals": equal}


def test_lead_to_the_accounts_that_grants_name_and_to_given_ones(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network", resource_accounts=["111111111111"])
    theirs = s3.Bucket.from_bucket_attributes(stack, "Theirs", bucket_name="theirs", account="222222222222")
    worker = role(stack, "Role", "s3:GetObject", on=("arn:aws:s3:::theirs/*",), policy_of=theirs, wildcard="all")
    allow(
        worker,
        Permission(
            actions=("glue:GetTable",),
            on=("arn:aws:glue:eu-west-1:333333333333:table/shared/flights",),
            because="reads",
            sources=("https://aws",),
        ),
    )
    work_in(network.vpc.isolated_subnets, worker)
    found = {
        name: one["PolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]["aws:ResourceAccount"]
        for name, one in endpoints(stack).items()
    }
    assert found == {
        "s3": [ACCOUNT, "111111111111", "222222222222"],
        "glue": [ACCOUNT, "111111111111", "333333333333"],
    }


def test_that_are_given_are_all_and_what_they_lack_is_said(stack: cdk.Stack) -> None:
    network = LakeNetwork(stack, "Network", endpoints=[SERVICES.GLUE])
    work_in(network.vpc.isolated_subnets, role(stack, "Role", "glue:GetTable", "kms:Decrypt", "braket:GetJob"))
    assert endpoints(stack).keys() == {"s3", "glue"}
    (braket, kms) = sorted(warnings(stack))
    assert "calls braket, to which no endpoint leads" in braket
    assert "calls kms, to which no endpoint leads that is defined here; define VpcEndpoints" in kms


def test_a_given_vpc_stays_as_it_is_and_what_it_lacks_is_said(stack: cdk.Stack) -> None:
    work_in(given(stack).isolated_subnets, role(stack, "Role", "glue:GetTable", "s3:GetObject"))
    assert resources(template_of(stack), "AWS::EC2::VPCEndpoint") == []
    assert ["calls glue" in one or "calls s3" in one for one in warnings(stack)] == [True, True]


@pytest.mark.parametrize("region", [None, "eu-west-1"])
def test_a_given_vpc_is_asked_for_the_endpoints_that_the_app_defines(region: str | None) -> None:
    stack = new_stack(region=region)
    vpc = given(stack)
    vpc.add_interface_endpoint("Catalog", service=SERVICES.GLUE)
    work_in(vpc.isolated_subnets, role(stack, "Role", "glue:GetTable"))
    assert warnings(stack) == []


def test_nothing_is_said_of_subnets_with_a_way_out(stack: cdk.Stack) -> None:
    vpc = given(stack, private_subnet_ids=["subnet-2"], private_subnet_route_table_ids=["rtb-2"])
    work_in(vpc.private_subnets, role(stack, "Role", "glue:GetTable"))
    work_in([ec2.Subnet.from_subnet_id(stack, "Other", "subnet-3")], role(stack, "Second", "glue:GetTable"))
    assert warnings(stack) == []


@pytest.mark.parametrize("late", [True, False])
def test_are_defined_in_a_given_vpc_that_asks_for_them(stack: cdk.Stack, late: bool) -> None:
    vpc, worker = given(stack), role(stack, "Role", "glue:GetTable", "s3:GetObject")
    if late:
        work_in(vpc.isolated_subnets, worker)
    VpcEndpoints(stack, "Endpoints", vpc=vpc)
    if not late:
        work_in(vpc.isolated_subnets, worker)
    found = endpoints(stack)
    assert found["s3"]["RouteTableIds"] == ["rtb-1"]
    assert (found["glue"]["VpcId"], found["glue"]["SubnetIds"]) == ("vpc-1", ["subnet-1"])
    group = properties(template_of(stack), "AWS::EC2::SecurityGroup")
    assert [(one["CidrIp"], one["ToPort"]) for one in group["SecurityGroupIngress"]] == [("10.0.0.0/16", 443)]
    assert warnings(stack) == []


def test_lead_only_from_subnets_in_which_something_works(stack: cdk.Stack) -> None:
    vpc = given(
        stack,
        availability_zones=["eu-west-1a", "eu-west-1b"],
        isolated_subnet_ids=["subnet-1", "subnet-2"],
        isolated_subnet_route_table_ids=["rtb-1", "rtb-2"],
    )
    here, there = vpc.isolated_subnets
    found = VpcEndpoints(stack, "Endpoints", vpc=vpc, subnets=[here])
    work_in([there], role(stack, "Role", "glue:GetTable"))
    assert found.services == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"isolated_subnet_ids": None, "isolated_subnet_route_table_ids": None}, "has no isolated subnets"),
        ({"vpc_cidr_block": None}, "the addresses of '.*' are not known; import it with 'vpc_cidr_block'"),
    ],
)
def test_are_refused_where_they_would_not_help(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VpcEndpoints(stack, "Endpoints", vpc=given(stack, **options))


def test_the_page_says_what_one_costs() -> None:
    price = table()["billing"]["AWS::EC2::VPCEndpoint"]["hour"]
    page = (ROOT / "docs" / "capabilities" / "foundation" / "network.md").read_text()
    assert f"{price:.2f} USD an hour, {price * table()['hours_per_month']:.2f} USD a month" in page
