"""The Glue connection by which jobs and crawlers reach a database."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.connections import permissions
from lake_blueprints.foundation.connections.database_endpoint import DatabaseEndpoint
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.network.working import work_in


@checked
class Connection(Construct):
    """Define a Glue connection to a database: encrypted in transit, with credentials from Secrets Manager.

    Jobs and crawlers that use it run in one subnet of the network and belong to the security group of the clients,
    which the server's groups admit, if the endpoint names them.

    Parameters
    ----------
    endpoint: DatabaseEndpoint
        The database.
    network: LakeNetwork or ec2.IVpc
        Where the clients run. It needs routes to the database, and to the services that the clients call: a
        `LakeNetwork` and `VpcEndpoints` have endpoints for those.

    Defines
    -------
    One connection, named `connection_name`; the security group of the clients, as `connections`.

    Raises
    ------
    ValueError
        If the network has no private subnet.

    Notes
    -----
    Glue demands that the members of the group reach each other on all TCP ports
    (https://docs.aws.amazon.com/glue/latest/dg/setup-vpc-for-glue-access.html).

    Example
    -------
        >>> user = DatabaseSecret(self, "ShopUser", username="lake_reader")
        >>> shop = DatabaseEndpoint(
        ...     engine=DatabaseEngine.MYSQL, host="shop.example.com", database="shop", secret=user.secret
        ... )
        >>> Connection(self, "Shop", endpoint=shop, network=LakeNetwork(self, "Network"))
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint: DatabaseEndpoint,
        network: LakeNetwork | ec2.IVpc,
    ) -> None:
        super().__init__(scope, construct_id)
        self.endpoint = endpoint
        vpc = self._vpc = network.vpc if isinstance(network, LakeNetwork) else network
        self._subnet = _subnet(vpc)
        self._group = ec2.SecurityGroup(
            self, "Clients", vpc=vpc, description=f"Clients of {self.node.path}", allow_all_outbound=False
        )
        self.connections = ec2.Connections(security_groups=[self._group])
        self._open(endpoint)
        connection = glue.CfnConnection(
            self,
            "Connection",
            catalog_id=Stack.of(self).account,
            connection_input=glue.CfnConnection.ConnectionInputProperty(
                connection_type="JDBC",
                connection_properties={
                    "JDBC_CONNECTION_URL": endpoint.jdbc_url,
                    "JDBC_ENFORCE_SSL": "true",
                    "SECRET_ID": endpoint.secret.secret_arn,
                },
                physical_connection_requirements=glue.CfnConnection.PhysicalConnectionRequirementsProperty(
                    availability_zone=self._subnet.availability_zone,
                    security_group_id_list=[self._group.security_group_id],
                    subnet_id=self._subnet.subnet_id,
                ),
            ),
        )
        self.connection_name: str = connection.ref
        self.connection_arn = Stack.of(self).format_arn(
            service="glue", resource="connection", resource_name=connection.ref
        )

    def grant_connect(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow a job or crawler to use the connection: its credentials, and network interfaces in its subnet."""
        stack = Stack.of(self)
        if isinstance(grantee, iam.Role):
            work_in([self._subnet], grantee)
        return allow(
            grantee,
            permissions.read_connection(stack, self.connection_arn),
            *permissions.sign_in(self.endpoint.secret),
            *permissions.attach(
                stack,
                vpc=self._vpc.vpc_arn,
                subnet=_arn(stack, "subnet", self._subnet.subnet_id),
                security_group=_arn(stack, "security-group", self._group.security_group_id),
            ),
        )

    def _open(self, endpoint: DatabaseEndpoint) -> None:
        port = ec2.Port.tcp(endpoint.listens_on)
        self._group.add_ingress_rule(self._group, ec2.Port.all_tcp(), "Workers of one run")
        self._group.add_egress_rule(self._group, ec2.Port.all_tcp(), "Workers of one run")
        self._group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.HTTPS, "S3, Glue, Secrets Manager, logs")
        if endpoint.connections:
            self.connections.allow_to(endpoint.connections, port, f"Database {endpoint.database}")
        else:
            self._group.add_egress_rule(ec2.Peer.any_ipv4(), port, f"Database {endpoint.database}")


def _subnet(vpc: ec2.IVpc) -> ec2.ISubnet:
    private = [*vpc.isolated_subnets, *vpc.private_subnets]
    if not private:
        raise ValueError(
            f"'network' must have a private or isolated subnet, since Glue gives its workers no public address; "
            f"'{vpc.node.path}' has none"
        )
    return private[0]


def _arn(stack: Stack, resource: str, name: str) -> str:
    return stack.format_arn(
        service="ec2", resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
    )
