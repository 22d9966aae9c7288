"""Permissions of Kafka's clients, of deliveries from a topic, and of Firehose at a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from lake_blueprints.foundation.access import Permission

_KAFKA = "https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html"
_MSK = (
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedstreamingforapachekafka.html"
)
_FIREHOSE = "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"
FIREHOSE = "firehose.amazonaws.com"


def produce(cluster_arn: str, topic_arn: str) -> Iterator[Permission]:
    """Write records to a topic, each once."""
    because = "produces records"
    yield _find_brokers(because, _KAFKA)
    yield _on((cluster_arn,), ("Connect", "WriteDataIdempotently"), because)
    yield _on((topic_arn,), ("DescribeTopic", "WriteData"), because)


def consume(cluster_arn: str, topic_arn: str, group_arn: str) -> Iterator[Permission]:
    """Read the records of a topic as one of a group of consumers."""
    because = "consumes records"
    yield _find_brokers(because, _KAFKA)
    yield _on((cluster_arn,), ("Connect",), because)
    yield _on((topic_arn,), ("DescribeTopic", "ReadData"), because)
    yield _on((group_arn,), ("AlterGroup", "DescribeGroup"), because, "groups of consumers, which name themselves")


def create_topic(cluster_arn: str, topic_arn: str) -> Iterator[Permission]:
    """Create a topic by Kafka's own protocol."""
    because = "creates the topic"
    yield _find_brokers(because, _KAFKA)
    yield _on((cluster_arn,), ("Connect",), because)
    yield _on((topic_arn,), ("CreateTopic", "DescribeTopic"), because)


def deliver_topic(cluster_arn: str, topic_arn: str, group_arn: str) -> Iterator[Permission]:
    """Read the records of a topic as Firehose does."""
    because, source = "takes records from the topic", f"{_FIREHOSE}#using-iam-s3"
    yield _find_brokers(because, source)
    yield Permission(
        actions=("kafka:DescribeCluster", "kafka:DescribeClusterV2"),
        on=(cluster_arn,),
        because=because,
        sources=(source,),
    )
    yield _on((cluster_arn,), ("Connect",), because).used_for(because, source)
    yield _on((topic_arn,), ("DescribeTopic", "DescribeTopicDynamicConfiguration", "ReadData"), because)
    yield _on((group_arn,), ("DescribeGroup",), because, "groups of consumers, which Firehose names")


def connect_privately(cluster_arn: str) -> Permission:
    """Connect to the brokers of a cluster from a network of Firehose's own."""
    return Permission(
        actions=("kafka:CreateVpcConnection",),
        on=(cluster_arn,),
        because="connects to the brokers",
        sources=(f"{_FIREHOSE}#access-to-msk",),
    )


def _find_brokers(because: str, source: str) -> Permission:
    return Permission(
        actions=("kafka:GetBootstrapBrokers",),
        because=because,
        sources=(_MSK, source),
        wildcard="IAM knows no resource for finding brokers",
    )


def _on(arns: tuple[str, ...], actions: tuple[str, ...], because: str, wildcard: str | None = None) -> Permission:
    return Permission(
        actions=tuple(f"kafka-cluster:{action}" for action in actions),
        on=arns,
        because=because,
        sources=(_KAFKA,),
        wildcard=wildcard or "topics whose names begin alike, where a grant names them so",
    )
