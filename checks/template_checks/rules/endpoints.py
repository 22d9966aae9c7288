"""VPC endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, required

ENDPOINT: Final = "AWS::EC2::VPCEndpoint"
_GUIDE: Final = "https://docs.aws.amazon.com/vpc/latest/privatelink"
_GATEWAYS: Final = ("s3", "dynamodb", "s3express")


@rule(
    "LAKE-NETWORK-001",
    ENDPOINT,
    title="Gateways are for S3 and DynamoDB, and have route tables",
    fix="choose Interface with subnets and security groups, or Gateway with route tables for S3 and DynamoDB",
    source=f"{_GUIDE}/gateway-endpoints.html",
)
def endpoint_type(endpoint: Resource) -> Iterator[Violation]:
    """EC2 refuses other gateways, and what the other type of endpoint has."""
    node, name = endpoint.at("VpcEndpointType"), endpoint.at("ServiceName")
    # A gateway is what an endpoint is by default.
    kind = node.text if node.present else "Gateway"
    service = re.search(r"(?:^|\.)(?:[a-z]{2}(?:-[a-z]+)+-\d+|\$\{[^}]*\})\.([a-z0-9.-]+)$", name.rendered)
    if kind == "Gateway":
        if service and service[1] not in _GATEWAYS:
            yield Violation(at=node, found=kind, allowed=f"Interface for {service[1]}")
        for other in ("SubnetIds", "SecurityGroupIds"):
            if endpoint.at(other).value != []:
                yield from absent(endpoint.at(other), "for a gateway, which has RouteTableIds")
        if endpoint.at("PrivateDnsEnabled").flag:
            yield Violation(at=endpoint.at("PrivateDnsEnabled"), allowed="false for a gateway")
    elif kind in {"Interface", "GatewayLoadBalancer"} and endpoint.at("RouteTableIds").value != []:
        yield from absent(endpoint.at("RouteTableIds"), f"for {kind}")
    if kind == "GatewayLoadBalancer":
        yield from absent(endpoint.at("PolicyDocument"), "for GatewayLoadBalancer")


@rule(
    "LAKE-NETWORK-002",
    ENDPOINT,
    title="An endpoint names a service in full",
    fix="write com.amazonaws.<region>.<service>",
    source=f"{_GUIDE}/aws-services-privatelink-support.html",
)
def service_name(endpoint: Resource) -> Iterator[Violation]:
    """EC2 refuses other names."""
    name = endpoint.at("ServiceName")
    kind = endpoint.at("VpcEndpointType")
    if not kind.present or kind.text in {"Gateway", "Interface", "GatewayLoadBalancer"}:
        yield from required(name, "the name of a service")
    if name.text and not name.text.startswith("{{") and "." not in name.text:
        yield Violation(at=name, allowed="com.amazonaws.<region>.<service>")


@rule(
    "LAKE-NETWORK-003",
    ENDPOINT,
    title="A service has one private name in a VPC, and one gateway in a route table",
    fix="remove one of the endpoints, or set PrivateDnsEnabled to false at one",
    source=f"{_GUIDE}/create-interface-endpoint.html",
)
def doubles(endpoint: Resource) -> Iterator[Violation]:
    """EC2 refuses the second endpoint; one that replaces the first under another logical id comes before that goes."""
    for other in endpoint.template.of_type(ENDPOINT):
        if other.logical_id >= endpoint.logical_id or not _of_one_service(endpoint, other):
            continue
        kinds = {_kind(endpoint), _kind(other)}
        if kinds == {"Interface"} and all(one.at("PrivateDnsEnabled").flag for one in (endpoint, other)):
            name = endpoint.at("PrivateDnsEnabled")
            yield Violation(at=name, allowed=f"false, since {other.logical_id} has the name of the service")
        if kinds == {"Gateway"}:
            taken = {repr(table.value) for table in other.at("RouteTableIds").items()}
            for table in endpoint.at("RouteTableIds").items():
                if repr(table.value) in taken:
                    yield Violation(at=table, allowed=f"a route table without {other.logical_id}")


def _of_one_service(one: Resource, other: Resource) -> bool:
    names = ("VpcId", "ServiceName")
    return all(one.at(name).given and repr(one.at(name).value) == repr(other.at(name).value) for name in names)


def _kind(endpoint: Resource) -> str | None:
    node = endpoint.at("VpcEndpointType")
    return node.text if node.present else "Gateway"
