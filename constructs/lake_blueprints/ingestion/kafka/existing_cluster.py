"""A cluster that exists, by its ARN."""

from __future__ import annotations

import re

from aws_cdk import Token
from constructs import Construct, IDependable

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.kafka.cluster import Cluster

_ARN = re.compile(r"arn:[\w-]+:kafka:[\w-]+:\d{12}:cluster/[\w-]+/[\w-]+")
# https://docs.aws.amazon.com/msk/latest/developerguide/serverless-getting-started.html
_SERVERLESS = re.compile(r".*-s\d+")


@checked
class ExistingCluster(Cluster):
    """Stand for a cluster of Amazon MSK that is managed elsewhere, so that its topics can be read and granted.

    Nothing of it changes but its policy, and that only if it is asked for.

    Parameters
    ----------
    cluster_arn: str
        ARN of the cluster, which authenticates by IAM.
    define_policy: bool
        Whether the policy of the cluster, of which it has one, is defined here where a delivery needs it. By default
        the owner of the cluster lets `firehose.amazonaws.com` call `kafka:CreateVpcConnection`.

    Defines
    -------
    With `define_policy`, and once a delivery reads a topic, the policy of the cluster.

    Raises
    ------
    ValueError
        If the ARN is not that of a cluster.

    Notes
    -----
    Firehose reads a provisioned cluster through its private brokers only if multi-VPC connectivity is on for IAM.
    https://docs.aws.amazon.com/firehose/latest/dev/writing-with-msk.html

    Example
    -------
        >>> place = "eu-central-1:111122223333:cluster/lake/8c5ab1b2-5c1f-4d29-8d9a-5f0d1e2a3b4c-3"
        >>> arn = f"arn:{Aws.PARTITION}:kafka:{place}"
        >>> cluster = ExistingCluster(self, "Cluster", cluster_arn=arn)
        >>> cluster.grant_produce(producer, topic="flights")
    """

    def __init__(self, scope: Construct, construct_id: str, *, cluster_arn: str, define_policy: bool = False) -> None:
        super().__init__(scope, construct_id)
        known = not Token.is_unresolved(cluster_arn)
        if known and not _ARN.fullmatch(cluster_arn):
            wanted = "arn:<partition>:kafka:<region>:<account>:cluster/<name>/<uuid>"
            raise ValueError(f"'cluster_arn' must be {wanted}, got '{cluster_arn}'")
        self.cluster_arn = cluster_arn
        self.serverless = bool(_SERVERLESS.fullmatch(cluster_arn)) if known else None
        self._define_policy = define_policy

    def admit_firehose(self) -> IDependable | None:
        return super().admit_firehose() if self._define_policy else None
