"""Endpoints in a VPC that is given."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.network.endpoint_set import EndpointSet
from lake_blueprints.foundation.network.working import serve


@checked
class VpcEndpoints(Construct):
    """Define the endpoints of a given VPC: those of the services that the roles working in its subnets may call.

    They follow the permissions of warehouses with enhanced VPC routing, of training jobs with a network, of
    replications and of jobs that use a `Connection`, whenever these are defined or granted more. A `LakeNetwork` has
    such endpoints of its own.

    Parameters
    ----------
    vpc: ec2.IVpc
        The network. Without this construct it is left as it is.
    subnets: sequence of ec2.ISubnet, optional
        Where work is done; each gets a route to the gateways and an address of every interface endpoint. By default
        the isolated subnets of the VPC.
    services: sequence of ec2.InterfaceVpcEndpointAwsService
        Services to reach besides. By default none.
    resource_accounts: sequence of str
        Further accounts whose resources may be reached. By default those that the granted resources are known to
        belong to.

    Defines
    -------
    A gateway endpoint for S3 and for DynamoDB and an interface endpoint for each other service, if something calls
    it, with a policy that admits principals of this account and resources of the known accounts alone; for each
    interface endpoint a security group that admits the addresses of the VPC.

    Raises
    ------
    ValueError
        If there are no subnets, or the addresses of the VPC are not known.

    Notes
    -----
    An interface endpoint bills by the hour in each Availability Zone, in use or not
    (https://aws.amazon.com/privatelink/pricing/). EC2 gives the private DNS name of a service to one endpoint of a VPC
    (https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html): do not define this construct
    where the endpoints already are.

    Example
    -------
        >>> isolated = ec2.SubnetConfiguration(name="lake", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        >>> vpc = ec2.Vpc(self, "Vpc", subnet_configuration=[isolated])
        >>> VpcEndpoints(self, "Endpoints", vpc=vpc, services=[ec2.InterfaceVpcEndpointAwsService.GLUE])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet] | None = None,
        services: Sequence[ec2.InterfaceVpcEndpointAwsService] = (),
        resource_accounts: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        chosen = list(vpc.isolated_subnets if subnets is None else subnets)
        if not chosen:
            raise ValueError(
                f"'{vpc.node.path}' has no isolated subnets, and others reach services without endpoints; "
                "give the subnets that need them as 'subnets'"
            )
        self._endpoints = EndpointSet(
            self,
            interface_scope=self,
            vpc=vpc,
            subnets=chosen,
            cidr=_addresses(vpc),
            derived=True,
            accounts=resource_accounts,
        )
        self._endpoints.add(service.short_name for service in services)
        serve(self.node.root, self._endpoints)

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services that endpoints lead to so far: `s3`, `glue`, `ecr.api`."""
        return self._endpoints.names


def _addresses(vpc: ec2.IVpc) -> str:
    try:
        return vpc.vpc_cidr_block
    except RuntimeError:
        raise ValueError(
            f"the addresses of '{vpc.node.path}' are not known; import it with 'vpc_cidr_block', or by a look-up"
        ) from None
