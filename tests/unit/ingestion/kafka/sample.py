"""Samples of clusters and of a topic."""

from __future__ import annotations

from aws_cdk import Acknowledgment, RemovalPolicy, Validations
from aws_cdk import aws_msk as msk

from lake_blueprints.ingestion.kafka import ExistingCluster, KafkaCluster, KafkaTopic
from template_checks.limits import msk as limits
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def cluster_arn(lake: Fixtures) -> str:
    """Return the ARN of a new provisioned cluster."""
    subnets = lake.network.vpc.isolated_subnets
    cluster = msk.CfnCluster(
        lake.scope,
        lake.unique("Provisioned"),
        cluster_name=lake.unique("lake"),
        kafka_version="3.8.x",
        number_of_broker_nodes=len(subnets),
        broker_node_group_info={
            "clientSubnets": [one.subnet_id for one in subnets],
            "instanceType": "kafka.m7g.large",
            "connectivityInfo": {"vpcConnectivity": {"clientAuthentication": {"sasl": {"iam": {"enabled": True}}}}},
        },
        client_authentication={"sasl": {"iam": {"enabled": True}}},
        encryption_info={
            "encryptionAtRest": {"dataVolumeKmsKeyId": lake.key.key_arn},
            "encryptionInTransit": {"clientBroker": "TLS", "inCluster": True},
        },
    )
    cluster.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
    Validations.of(cluster).acknowledge(Acknowledgment(id="AwsSolutions-MSK6", reason="its logs are its owner's"))
    return cluster.attr_arn


def existing(lake: Fixtures) -> ExistingCluster:
    """Return a new reference to that cluster."""
    return ExistingCluster(lake.scope, lake.unique("Kafka"), cluster_arn=cluster_arn(lake))


SERVERLESS = Sample(
    construct=KafkaCluster,
    options=lambda lake: {"network": lake.network},
    # MSK Serverless is in neither.
    unavailable_in=frozenset({"aws-us-gov", "aws-cn"}),
    grants={name: lambda *_: {"topic": "flights"} for name in ("grant_create_topic", "grant_produce", "grant_consume")},
)
EXISTING = Sample(
    construct=ExistingCluster,
    options=lambda lake: {"cluster_arn": cluster_arn(lake)},
    grants={name: lambda *_: {"topic": "flights"} for name in ("grant_create_topic", "grant_produce", "grant_consume")},
)
TOPIC = Sample(
    construct=KafkaTopic,
    options=lambda lake: {"cluster": existing(lake)},
    limits={
        "partitions": Limited(
            limit=limits.PARTITIONS, options=lambda lake, n: {"cluster": existing(lake), "partitions": n}
        ),
        "replication_factor": Limited(
            limit=limits.REPLICATION_FACTOR,
            options=lambda lake, n: {"cluster": existing(lake), "replication_factor": n},
        ),
    },
)
