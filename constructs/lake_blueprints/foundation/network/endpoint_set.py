"""The endpoints of some subnets, which follow what the roles of those that work there may call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from aws_cdk import Aws, Lazy, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.foundation.access import Permission, allowed_to
from lake_blueprints.foundation.access.following import follow
from lake_blueprints.foundation.network.endpoint_policy import EndpointPolicy
from lake_blueprints.foundation.network.endpoint_services import GATEWAYS, buckets_of, endpoints_of, prefix_of

_GATEWAY_IDS = {"s3": "S3", "dynamodb": "DynamoDB"}


class EndpointSet:
    """Endpoints with their policies, by the names of their services.

    Parameters
    ----------
    scope: Construct
        Where gateway endpoints are defined.
    interface_scope: Construct, optional
        Where interface endpoints are defined. By default in the VPC. A private DNS name is that of one endpoint at a
        time, so that they must stay where they are.
    vpc: ec2.IVpc
        The network.
    subnets: sequence of ec2.ISubnet
        Those that have routes to the gateways and addresses of the interfaces.
    cidr: str
        The addresses that may use them.
    derived: bool
        Whether endpoints are added as permissions ask for them.
    accounts: sequence of str
        Further accounts whose resources may be reached.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        interface_scope: Construct | None = None,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        cidr: str,
        derived: bool,
        accounts: Sequence[str],
    ) -> None:
        self._scope, self._interface_scope, self._vpc = scope, interface_scope, vpc
        self.subnets = tuple(subnets)
        self._cidr = cidr
        self._derived = derived
        self._accounts = tuple(accounts)
        self._policies: dict[str, EndpointPolicy] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the endpoints: `s3`, `glue`, `ecr.api`."""
        return tuple(self._policies)

    def follow(self, grantee: iam.IGrantable) -> None:
        """Lead to whatever a principal may call, now and by later grants."""
        follow(grantee, allowed_to(grantee), self._lead)

    def add(self, names: Iterable[str]) -> None:
        """Define the endpoints that are not there yet."""
        for name in names:
            if name in self._policies:
                continue
            policy = self._policies[name] = EndpointPolicy(prefix_of(name))
            for account in self._accounts:
                policy.reach_account(account)
            document = Lazy.any(policy)
            if name in GATEWAYS:
                self._define_gateway(name, document)
            else:
                self._define_interface(ec2.InterfaceVpcEndpointAwsService(name), document)
            for bucket in buckets_of(prefix_of(name), Aws.REGION):
                self.add(["s3"])
                self._policies["s3"].read_bucket(bucket)

    def _lead(self, permission: Permission) -> None:
        for prefix in sorted(permission.called_services):
            names = endpoints_of(prefix)
            if self._derived:
                self.add(names)
            for name in self._policies.keys() & names:
                for account in _owners(permission, Stack.of(self._scope).account):
                    self._policies[name].reach_account(account)

    def _define_gateway(self, name: str, document: Any) -> None:
        ec2.CfnVPCEndpoint(
            self._scope,
            _GATEWAY_IDS[name],
            vpc_id=self._vpc.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{Aws.REGION}.{name}",
            route_table_ids=[subnet.route_table.route_table_id for subnet in self.subnets],
            policy_document=document,
        )

    def _define_interface(self, service: ec2.InterfaceVpcEndpointAwsService, document: Any) -> None:
        options: dict[str, Any] = {
            "service": service,
            "subnets": ec2.SubnetSelection(subnets=list(self.subnets)),
            "open": False,
        }
        if self._interface_scope is None:
            endpoint = self._vpc.add_interface_endpoint(service.short_name, **options)
        else:
            endpoint = ec2.InterfaceVpcEndpoint(self._interface_scope, service.short_name, vpc=self._vpc, **options)
        # The addresses as they are given and not as an attribute of the VPC, which audits cannot read.
        endpoint.connections.allow_default_port_from(
            ec2.Peer.ipv4(self._cidr), f"{service.short_name} from the network"
        )
        resource: Any = endpoint.node.default_child
        resource.policy_document = document


def _owners(permission: Permission, own: str) -> set[str]:
    """Return the other accounts that own what a permission is on, as far as its ARNs and constructs tell."""
    found = {arn.split(":")[4] for arn in permission.on if arn.count(":") >= 5 and not Token.is_unresolved(arn)}
    if permission.policy_of is not None:
        found.add(permission.policy_of.env.account)
    return {account for account in found if account.isdigit() and account != own}
