"""A VPC that costs nothing while nobody uses it."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.network.endpoint_set import EndpointSet
from lake_blueprints.foundation.network.isolated_vpc import define_isolated_vpc, read_addresses
from lake_blueprints.foundation.network.permissions import write_flow_logs
from lake_blueprints.foundation.network.working import serve
from lake_blueprints.foundation.network.zones import choose_zones
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownInt


@checked
class LakeNetwork(Construct):
    """Define a VPC of isolated subnets, without internet or NAT gateway, from which S3 can be reached.

    Nothing in it is charged by the hour, except interface endpoints: those of the services that whatever works in it
    calls, as the permissions of the roles say. Its flow logs cost by the volume of traffic.

    Parameters
    ----------
    az_count: int, optional
        Availability Zones, each with one subnet, 1 to 6: the first ones of the account, in whichever Region the stack
        is deployed. Redshift Serverless needs 2, or 3 with enhanced VPC routing. By default 3, or 2 in a Region that
        has no more for a new account; an account that has two elsewhere, or a stack that is not bound to a Region and
        may be deployed to one that has two, needs the number.
    availability_zones: sequence of str, optional
        The zones themselves, 1 to 6, where the first ones are not wanted: Redshift Serverless is not in every zone.
        Names such as us-east-1a, or ids such as use1-az1, which mean the same zone in every account. By default they
        are chosen by number.
    cidr: str
        Addresses, in CIDR notation, /16 to /24. By default 10.0.0.0/16.
    endpoints: sequence of ec2.InterfaceVpcEndpointAwsService, optional
        The services to reach beside S3, each through an endpoint charged by the hour in every zone. By default those
        that the work in the network needs, none while there is none; of a service that is called and not among the
        given ones, synth warns.
    resource_accounts: sequence of str
        Further accounts whose resources may be reached. By default those that the granted resources are known to
        belong to.
    encryption_key: kms.IKey, optional
        Key for the flow logs, which CloudWatch Logs may use, as with `LakeKey`. By default a new `LakeKey` is
        defined.
    flow_log_retention: logs.RetentionDays
        How long flow logs are kept. By default 1 year.
    removal_policy: RemovalPolicy
        What happens to the flow logs when the network leaves the stack, subject to the removal guard. By default
        they are retained.

    Defines
    -------
    One VPC, as `vpc`, with its isolated subnets, S3 gateway endpoint and flow log; endpoints of other services, which
    follow the roles of warehouses with enhanced VPC routing, of training jobs with a network, of replications and of
    jobs with a `Connection`; a policy of each endpoint, which admits principals of this account and resources of the
    known accounts alone; the log group, as `flow_logs`; a key, as `key`, unless one is given.

    Raises
    ------
    ValueError
        If the number of zones or the addresses are out of range, or a zone is given twice or is of another Region.

    Notes
    -----
    The default security group, which nothing here uses, stays as EC2 makes it: CloudFormation cannot change it, and
    the switch that aws-cdk-lib has for it defines a custom resource with a Lambda function.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html,
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html

    Example
    -------
        >>> network = LakeNetwork(self, "Network")
        >>> Warehouse(self, "Warehouse", network=network, enhanced_vpc_routing=True)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        az_count: KnownInt | None = None,
        availability_zones: Sequence[str] | None = None,
        cidr: str = "10.0.0.0/16",
        endpoints: Sequence[ec2.InterfaceVpcEndpointAwsService] | None = None,
        resource_accounts: Sequence[str] = (),
        encryption_key: kms.IKey | None = None,
        flow_log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        zones = choose_zones(Stack.of(self).region, az_count, availability_zones)
        self.vpc = define_isolated_vpc(self, read_addresses(cidr), zones)
        self._endpoints = EndpointSet(
            self,
            vpc=self.vpc,
            subnets=self.vpc.isolated_subnets,
            cidr=cidr,
            derived=endpoints is None,
            accounts=resource_accounts,
        )
        self._endpoints.add(["s3", *(service.short_name for service in endpoints or ())])
        serve(self.node.root, self._endpoints)
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.flow_logs = logs.LogGroup(self, "FlowLogs", encryption_key=self.key, retention=flow_log_retention)
        guard_removal(self.flow_logs, removal_policy, encryption_key=self.key)
        self._log_traffic()

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services that endpoints lead to so far: `s3`, `glue`, `ecr.api`."""
        return self._endpoints.names

    def reaches(self, service: ec2.InterfaceVpcEndpointAwsService) -> bool:
        """Whether the network has an interface endpoint for a service."""
        return service.short_name in self.services

    def _log_traffic(self) -> None:
        self.role = ServiceRole(
            self, "Role", services=["vpc-flow-logs.amazonaws.com"], description=f"Writes flow logs of {self.node.path}"
        )
        allow(self.role, write_flow_logs(self.flow_logs.log_group_arn))
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=self.flow_logs.log_group_name,
            deliver_logs_permission_arn=self.role.role_arn,
        )
