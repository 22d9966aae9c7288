"""A VPC that costs nothing while nobody uses it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aws_cdk import Fn, RemovalPolicy, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.access import ServiceRole, grant_on
from lake_blueprints.encryption import LakeKey
from lake_blueprints.removal import guard_removal

_MOST_ZONES = 6
# A VPC has at most 65,536 addresses; in smaller subnets than those of /24 a warehouse may not find enough:
# https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html
_LARGEST, _SMALLEST = 16, 24


class LakeNetwork(Construct):
    """Define a VPC of isolated subnets, without internet or NAT gateway, from which S3 can be reached.

    Nothing in it is charged by the hour, except the interface endpoints that are asked for. Its flow logs cost by
    the volume of traffic.

    Parameters
    ----------
    az_count: int
        Availability Zones, each with one subnet, 1 to 6. By default 3, which Redshift Serverless needs for
        enhanced VPC routing. The subnets are in the first zones of the Region, whichever these are, so the number
        also holds in a stack that is not bound to a Region.
    cidr: str
        Addresses, in CIDR notation, /16 to /24. By default 10.0.0.0/16.
    endpoints: sequence of ec2.InterfaceVpcEndpointAwsService
        Other services to reach, each through an endpoint charged by the hour in every zone. By default none.
    encryption_key: kms.IKey, optional
        Key for the flow logs, which CloudWatch Logs may use, as with `LakeKey`. By default a new `LakeKey` is
        defined.
    flow_log_retention: logs.RetentionDays
        How long flow logs are kept. By default 3 months.
    removal_policy: RemovalPolicy
        What happens to the flow logs when the network leaves the stack, subject to the removal guard. By default
        they are retained.

    Defines
    -------
    One VPC, as `vpc`, with its isolated subnets, S3 gateway endpoint and flow log; the log group, as `flow_logs`;
    a key, as `key`, unless one is given.

    Raises
    ------
    ValueError
        If the number of zones or the addresses are out of range.

    Notes
    -----
    The default security group, which nothing here uses, stays as EC2 makes it: CloudFormation cannot change it, and
    the VPC's own switch for it defines a custom resource with a Lambda function.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html

    Example
    -------
        >>> network = LakeNetwork(self, "Network", endpoints=[ec2.InterfaceVpcEndpointAwsService.GLUE])
        >>> Warehouse(self, "Warehouse", network=network)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        az_count: int = 3,
        cidr: str = "10.0.0.0/16",
        endpoints: Sequence[ec2.InterfaceVpcEndpointAwsService] = (),
        encryption_key: kms.IKey | None = None,
        flow_log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        if not 1 <= az_count <= _MOST_ZONES:
            raise ValueError(f"'az_count' must be 1 to {_MOST_ZONES}, got {az_count}")
        _check_addresses(cidr)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            # Left to itself, the VPC has two zones in a stack that is not bound to a Region.
            availability_zones=[Fn.select(index, Fn.get_azs()) for index in range(az_count)],
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
            ],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
            restrict_default_security_group=False,
        )
        self._reached = frozenset(service.short_name for service in endpoints)
        for service in endpoints:
            endpoint = self.vpc.add_interface_endpoint(service.short_name, service=service, open=False)
            # The addresses as they are given and not as an attribute of the VPC, which audits cannot read.
            endpoint.connections.allow_default_port_from(ec2.Peer.ipv4(cidr), f"{service.short_name} from the network")
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.flow_logs = logs.LogGroup(self, "FlowLogs", encryption_key=self.key, retention=flow_log_retention)
        guard_removal(self.flow_logs, removal_policy, encryption_key=self.key)
        self._log_traffic()

    def reaches(self, service: ec2.InterfaceVpcEndpointAwsService) -> bool:
        """Whether the network has an interface endpoint for a service."""
        return service.short_name in self._reached

    def _log_traffic(self) -> None:
        role = ServiceRole(
            self, "Role", services=["vpc-flow-logs.amazonaws.com"], description=f"Writes flow logs of {self.node.path}"
        )
        # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
        actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        grant_on(None, role, actions, [self.flow_logs.log_group_arn])
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=self.flow_logs.log_group_name,
            deliver_logs_permission_arn=role.role_arn,
        )


def _check_addresses(cidr: str) -> None:
    if Token.is_unresolved(cidr):
        return
    try:
        size = ipaddress.IPv4Network(cidr).prefixlen
    except ValueError as error:
        raise ValueError(f"'cidr' must be IPv4 addresses such as 10.0.0.0/16, got '{cidr}': {error}") from None
    if not _LARGEST <= size <= _SMALLEST:
        raise ValueError(f"'cidr' must be of size /{_LARGEST} to /{_SMALLEST}, got '{cidr}'")
