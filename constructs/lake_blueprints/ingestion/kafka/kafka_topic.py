"""A topic of a cluster."""

from __future__ import annotations

from aws_cdk import Duration, Fn, Names, RemovalPolicy, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_msk as msk
from constructs import Construct

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import KnownDurationInMilliseconds
from lake_blueprints.ingestion.kafka.cluster import Cluster, check_topic
from template_checks.limits import msk as limits


@checked
class KafkaTopic(Construct):
    """Define a topic of a provisioned cluster, which keeps its records for a time.

    Parameters
    ----------
    cluster: Cluster
        Cluster of the topic, of Kafka 3.6 or later; not one of MSK Serverless, whose topics clients create.
    topic_name: str, optional
        Name of the topic, 1 to 249 letters, digits, '.', '_' and '-'. By default it is made from the construct's path.
    partitions: int
        Partitions, at least 1, over which producers spread records and which consumers share; later it can only grow.
        By default 3.
    replication_factor: int
        Brokers that have each record, at least 1 and at most those of the cluster. By default 3.
    retention: Duration
        How long a record can be read. By default 7 days.
    removal_policy: RemovalPolicy
        What happens to the records when the topic leaves the stack, subject to the removal guard. By default they are
        retained.

    Defines
    -------
    The topic, named `topic_name`, of the `cluster`.

    Raises
    ------
    ValueError
        If Kafka takes no such name or number, or the cluster is of MSK Serverless.

    Notes
    -----
    https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html

    Example
    -------
        >>> place = "eu-central-1:111122223333:cluster/lake/8c5ab1b2-5c1f-4d29-8d9a-5f0d1e2a3b4c-3"
        >>> arn = f"arn:{Aws.PARTITION}:kafka:{place}"
        >>> cluster = ExistingCluster(self, "Cluster", cluster_arn=arn)
        >>> topic = KafkaTopic(self, "Flights", cluster=cluster, partitions=6)
        >>> topic.grant_produce(producer)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: Cluster,
        topic_name: str | None = None,
        partitions: int = 3,
        replication_factor: int = 3,
        retention: KnownDurationInMilliseconds | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        if cluster.serverless:
            raise ValueError(
                f"'cluster' of topic '{self.node.path}' is of MSK Serverless, where CloudFormation creates no topics; "
                "give its name where it is used, and let a client create it with grant_create_topic"
            )
        name = topic_name or Names.unique_resource_name(self, max_length=200, allowed_special_characters="-._")
        check_topic(name)
        for option, value, limit in (
            ("partitions", partitions, limits.PARTITIONS),
            ("replication_factor", replication_factor, limits.REPLICATION_FACTOR),
        ):
            if not Token.is_unresolved(value):
                limit.check(option, value)
        self.retention = retention or Duration.days(7)
        topic = msk.CfnTopic(
            self,
            "Topic",
            cluster_arn=cluster.cluster_arn,
            topic_name=name,
            partition_count=partitions,
            replication_factor=replication_factor,
            configs=Fn.base64(f"retention.ms={self.retention.to_milliseconds():.0f}"),
        )
        guard_removal(topic, removal_policy)
        self.cluster = cluster
        self.topic_name = name

    def grant_produce(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow writing records, each once; not reading them."""
        return self.cluster.grant_produce(grantee, topic=self.topic_name)

    def grant_consume(self, grantee: iam.IGrantable, *, group: str = "*") -> iam.Grant:
        """Allow reading records; not writing them.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        group: str
            Group in which the consumers share the partitions. By default any.
        """
        return self.cluster.grant_consume(grantee, topic=self.topic_name, group=group)
