"""EC2, where moto cannot delete what it has created, or lacks the type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_cloud.cloudformation.resource import Call, Setting
from local_cloud.cloudformation.resource_type import ResourceType

# The API takes tags in another place; nothing here reads the tags of a network.
_TAGS = frozenset({"Tags"})


def _egress(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule as a permission, where alone the API takes another group."""
    peers = {
        "CidrIp": "IpRanges",
        "CidrIpv6": "Ipv6Ranges",
        "DestinationPrefixListId": "PrefixListIds",
        "DestinationSecurityGroupId": "UserIdGroupPairs",
    }
    spelt = {"DestinationPrefixListId": "PrefixListId", "DestinationSecurityGroupId": "GroupId"}
    described = {"Description": properties["Description"]} if "Description" in properties else {}
    permission = {name: properties[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in properties}
    for name, place in peers.items():
        if name in properties:
            permission[place] = [{spelt.get(name, name): properties[name], **described}]
    return {"GroupId": properties["GroupId"], "IpPermissions": [permission]}


TYPES = [
    # moto's own knows no ids of zones, and puts every subnet that has one into us-east-1a.
    ResourceType(
        name="AWS::EC2::Subnet",
        # Beside the schema's read-only ones.
        attributes={
            "AvailabilityZone": "{Subnet[AvailabilityZone]}",
            "CidrBlock": "{Subnet[CidrBlock]}",
            "VpcId": "{VpcId}",
        },
        ignore=frozenset({"AssignIpv6AddressOnCreation", "EnableDns64", "PrivateDnsNameOptionsOnLaunch"}),
        settings=(
            Setting(
                path="MapPublicIpOnLaunch",
                call=Call("modify_subnet_attribute", {"SubnetId": "{id}"}),
                adapt=lambda flag: {"MapPublicIpOnLaunch": {"Value": flag}},
            ),
            Setting(
                path="Tags",
                call=Call("create_tags", {"Resources": ["{id}"]}),
                adapt=lambda tags: {"Tags": tags},
            ),
        ),
    ),
    ResourceType(name="AWS::EC2::InternetGateway", ignore=_TAGS),
    ResourceType(
        name="AWS::EC2::VPCGatewayAttachment",
        create=Call("attach_internet_gateway"),
        delete=Call("detach_internet_gateway", {"InternetGatewayId": "{InternetGatewayId}", "VpcId": "{VpcId}"}),
        ref="{InternetGatewayId}|{VpcId}",
    ),
    ResourceType(name="AWS::EC2::RouteTable", ignore=_TAGS),
    ResourceType(
        name="AWS::EC2::SubnetRouteTableAssociation",
        create=Call("associate_route_table"),
        delete=Call("disassociate_route_table", {"AssociationId": "{id}"}),
        ref="{AssociationId}",
        attributes={"Id": "{AssociationId}"},
    ),
    # The API spells it VpcEndpoint.
    ResourceType(
        name="AWS::EC2::VPCEndpoint",
        create=Call("create_vpc_endpoint"),
        delete=Call("delete_vpc_endpoints", {"VpcEndpointIds": ["{id}"]}),
        ref="{VpcEndpoint[VpcEndpointId]}",
        attributes={"Id": "{id}"},
        ignore=_TAGS,
    ),
    ResourceType(
        name="AWS::EC2::SecurityGroupEgress",
        create=Call("authorize_security_group_egress", {"GroupId": "{GroupId}"}),
        # It goes with its group.
        delete=None,
        ref="{id}",
        adapt=_egress,
    ),
]
