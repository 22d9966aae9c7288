"""EC2, where moto cannot delete what it has created, or lacks the type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local_cloud.cloudformation.resource import Call, Setting
from local_cloud.cloudformation.resource_type import ResourceType

# The API takes tags in another place; nothing here reads the tags of a network.
_TAGS = frozenset({"Tags"})


# Members of a permission by the properties of a rule, and their names there.
_INGRESS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "SourcePrefixListId": ("PrefixListIds", "PrefixListId"),
    "SourceSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}
_EGRESS = {
    "CidrIp": ("IpRanges", "CidrIp"),
    "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "DestinationPrefixListId": ("PrefixListIds", "PrefixListId"),
    "DestinationSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}
_RULE = "{SecurityGroupRules[0][SecurityGroupRuleId]}"


def _permission(peers: Mapping[str, tuple[str, str]]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return how a rule becomes a permission, where alone the API takes another group."""

    def adapt(properties: Mapping[str, Any]) -> dict[str, Any]:
        described = {"Description": properties["Description"]} if "Description" in properties else {}
        permission = {name: properties[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in properties}
        for name, (place, member) in peers.items():
            if name in properties:
                permission[place] = [{member: properties[name], **described}]
        return {"GroupId": properties["GroupId"], "IpPermissions": [permission]}

    return adapt


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
    # moto's own has no id.
    ResourceType(
        name="AWS::EC2::SecurityGroupIngress",
        create=Call("authorize_security_group_ingress"),
        delete=Call("revoke_security_group_ingress", {"GroupId": "{GroupId}", "SecurityGroupRuleIds": ["{id}"]}),
        ref=_RULE,
        attributes={"Id": _RULE},
        adapt=_permission(_INGRESS),
    ),
    ResourceType(
        name="AWS::EC2::SecurityGroupEgress",
        create=Call("authorize_security_group_egress"),
        delete=Call("revoke_security_group_egress", {"GroupId": "{GroupId}", "SecurityGroupRuleIds": ["{id}"]}),
        ref=_RULE,
        attributes={"Id": _RULE},
        adapt=_permission(_EGRESS),
    ),
]
