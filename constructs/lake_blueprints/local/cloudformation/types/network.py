"""EC2."""

from __future__ import annotations

from lake_blueprints.local.cloudformation.resource import Call, ResourceType

TYPES = [
    ResourceType(
        name="AWS::EC2::SecurityGroupEgress",
        service="ec2",
        create=Call("authorize_security_group_egress", {"GroupId": "{GroupId}"}),
    ),
]
