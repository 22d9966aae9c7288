"""Base class of clusters: what is granted at their topics, and who else may connect."""

from __future__ import annotations

import re

from aws_cdk import Fn, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_msk as msk
from constructs import Construct, IDependable

from lake_blueprints.foundation.access import Permission, admit, allow
from lake_blueprints.ingestion.kafka import permissions

_TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")


class Cluster(Construct):
    """Grant the topics of a cluster of Amazon MSK to roles, which sign in by IAM.

    A topic is granted by its name; a name that ends in `*` grants all that begin so.
    """

    cluster_arn: str
    """ARN of the cluster."""
    serverless: bool | None
    """Whether it is of MSK Serverless; None if an ARN that is known only at deployment does not say so."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._policy: msk.CfnClusterPolicy | None = None
        self._admitted = iam.PolicyDocument()
        self._admits_firehose = False

    def grant_produce(self, grantee: iam.IGrantable, *, topic: str) -> iam.Grant:
        """Allow writing records to a topic, each once; not reading them.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        topic: str
            Name of the topic, or a pattern such as `flights-*`.
        """
        return allow(grantee, *permissions.produce(self.cluster_arn, self.topic_arn(topic)))

    def grant_consume(self, grantee: iam.IGrantable, *, topic: str, group: str = "*") -> iam.Grant:
        """Allow reading the records of a topic; not writing them.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        topic: str
            Name of the topic, or a pattern such as `flights-*`.
        group: str
            Group in which the consumers share the partitions. By default any.
        """
        group_arn = self._arn("group", group)
        return allow(grantee, *permissions.consume(self.cluster_arn, self.topic_arn(topic), group_arn))

    def grant_create_topic(self, grantee: iam.IGrantable, *, topic: str) -> iam.Grant:
        """Allow creating a topic by Kafka's own protocol, the only way to one of MSK Serverless.

        Parameters
        ----------
        grantee: iam.IGrantable
            Role or user that is allowed.
        topic: str
            Name of the topic, or a pattern such as `flights-*`.
        """
        return allow(grantee, *permissions.create_topic(self.cluster_arn, self.topic_arn(topic)))

    def topic_arn(self, topic: str) -> str:
        """Return the ARN of a topic.

        Raises
        ------
        ValueError
            If Kafka takes no such name.
        """
        check_topic(topic.removesuffix("*") or "all")
        return self._arn("topic", topic)

    def deliver(self, topic: str) -> tuple[Permission, ...]:
        """Return what the role of a delivery from a topic may do."""
        return tuple(permissions.deliver_topic(self.cluster_arn, self.topic_arn(topic), self._arn("group", "*")))

    def admit_firehose(self) -> IDependable | None:
        """Let Firehose connect to the brokers, by the policy of the cluster, of which it has one.

        https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#access-to-msk
        """
        if not self._admits_firehose:
            self._admits_firehose = True
            admit(self, "Firehose", permissions.FIREHOSE, permissions.connect_privately(self.cluster_arn))
        return self._policy

    def add_to_resource_policy(self, statement: iam.PolicyStatement) -> iam.AddToResourcePolicyResult:
        """Add a statement to the policy of the cluster."""
        if self._policy is None:
            self._policy = msk.CfnClusterPolicy(self, "Policy", cluster_arn=self.cluster_arn, policy=self._admitted)
        self._admitted.add_statements(statement)
        return iam.AddToResourcePolicyResult(statement_added=True, policy_dependable=self._policy)

    def _arn(self, kind: str, name: str) -> str:
        return f"{Fn.join(f':{kind}/', Fn.split(':cluster/', self.cluster_arn, 2))}/{name}"


def check_topic(name: str) -> None:
    """Refuse a name that Kafka does not take for a topic."""
    if not Token.is_unresolved(name) and (not _TOPIC.fullmatch(name) or name in {".", ".."}):
        raise ValueError(f"a topic has 1 to 249 letters, digits, '.', '_' and '-', got '{name}'")
