"""A cluster of MSK Serverless."""

from __future__ import annotations

from aws_cdk import Names, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_msk as msk
from constructs import Construct

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.ingestion.kafka.cluster import Cluster

_CLUSTER = msk.CfnServerlessCluster
# https://docs.aws.amazon.com/msk/latest/developerguide/port-info.html
_PORT = 9098
_LEAST_SUBNETS = 2


@checked
class KafkaCluster(Cluster):
    """Define a cluster of MSK Serverless in a private network, which roles sign in to by IAM alone.

    It is paid for around the clock, about 548 USD a month without a single record. Prefer a `Stream`, of which an idle
    one costs 29 USD and a provisioned shard 11, where nothing needs Kafka's protocol.

    Parameters
    ----------
    network: LakeNetwork or ec2.IVpc
        Network of the cluster and of its clients, with isolated subnets in two zones or more.
    removal_policy: RemovalPolicy
        What happens to cluster and records when it leaves the stack, subject to the removal guard. By default they are
        retained, and go on costing.

    Defines
    -------
    The cluster, by its `cluster_arn`; its security group, as `connections`; once a delivery reads a topic, its policy.

    Raises
    ------
    ValueError
        If the network has isolated subnets in fewer than two zones.

    Notes
    -----
    Records are encrypted with a key of AWS; MSK Serverless takes no other. CloudFormation cannot create its topics: a
    client does, with `grant_create_topic`. A change of its tags replaces it.
    https://docs.aws.amazon.com/msk/latest/developerguide/serverless.html,
    https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html

    Example
    -------
        >>> cluster = KafkaCluster(self, "Cluster", network=network)
        >>> cluster.grant_produce(producer, topic="flights")
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: LakeNetwork | ec2.IVpc,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.serverless = True
        vpc = network.vpc if isinstance(network, LakeNetwork) else network
        subnets = vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED).subnet_ids
        if len(subnets) < _LEAST_SUBNETS:
            raise ValueError(f"'network' must have isolated subnets in two zones or more, got {len(subnets)}")
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description=f"Kafka {self.node.path}", allow_all_outbound=False
        )
        self.connections = ec2.Connections(security_groups=[group], default_port=ec2.Port.tcp(_PORT))
        cluster = _CLUSTER(
            self,
            "Cluster",
            cluster_name=f"lake-{Names.unique_id(self).lower()[-48:]}",
            client_authentication=_CLUSTER.ClientAuthenticationProperty(
                sasl=_CLUSTER.SaslProperty(iam=_CLUSTER.IamProperty(enabled=True))
            ),
            vpc_configs=[_CLUSTER.VpcConfigProperty(subnet_ids=subnets, security_groups=[group.security_group_id])],
        )
        guard_removal(cluster, removal_policy)
        self.cluster_arn = cluster.attr_arn
