"""Deliveries from a topic: where they begin, what their role may do, and what must be there before them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.firehose import DeliveryStream, KafkaSource, S3Destination
from lake_blueprints.ingestion.kafka import ExistingCluster, KafkaCluster, KafkaTopic
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

ARN = "arn:aws:kafka:eu-central-1:111122223333:cluster/lake/8c5ab1b2-5c1f-4d29-8d9a-5f0d1e2a3b4c-3"
DELIVERY = "AWS::KinesisFirehose::DeliveryStream"


def deliver(stack: cdk.Stack, flights: Dataset, source: KafkaSource) -> dict[str, Any]:
    """Define a delivery, and return its resource."""
    DeliveryStream(
        stack, "Delivery", source=source, destination=S3Destination(zone=Zone(stack, "Raw"), dataset=flights)
    )
    (found,) = resources(template_of(stack), DELIVERY)
    return found


def test_it_reads_a_topic_through_the_private_brokers_from_now_on(stack: cdk.Stack, flights: Dataset) -> None:
    topic = KafkaTopic(stack, "Topic", cluster=ExistingCluster(stack, "Kafka", cluster_arn=ARN), topic_name="flights")
    found = deliver(stack, flights, KafkaSource(topic))
    source = found["Properties"]["MSKSourceConfiguration"]
    assert (source["MSKClusterARN"], source["TopicName"]) == (ARN, "flights")
    assert source["AuthenticationConfiguration"]["Connectivity"] == "PRIVATE"
    assert "ReadFromTimestamp" not in source
    assert found["Properties"]["DeliveryStreamType"] == "MSKAsSource"
    assert [name for name in found["DependsOn"] if name.startswith("Topic")]


def test_it_comes_after_the_policy_that_admits_firehose(stack: cdk.Stack, flights: Dataset) -> None:
    cluster = KafkaCluster(stack, "Kafka", network=LakeNetwork(stack, "Network"))
    found = deliver(stack, flights, KafkaSource("flights", cluster=cluster))
    (policy,) = resources(template_of(stack), "AWS::MSK::ClusterPolicy")
    (statement,) = policy["Properties"]["Policy"]["Statement"]
    assert (statement["Action"], statement["Principal"]) == (
        "kafka:CreateVpcConnection",
        {"Service": "firehose.amazonaws.com"},
    )
    assert [name for name in found["DependsOn"] if name.startswith("KafkaPolicy")]


def test_two_deliveries_share_the_policy(stack: cdk.Stack, flights: Dataset) -> None:
    cluster = ExistingCluster(stack, "Kafka", cluster_arn=ARN, define_policy=True)
    raw = Zone(stack, "Raw")
    for name in ("One", "Two"):
        destination = S3Destination(zone=raw, dataset=flights)
        DeliveryStream(stack, name, source=KafkaSource("flights", cluster=cluster), destination=destination)
    assert len(properties(template_of(stack), "AWS::MSK::ClusterPolicy")["Policy"]["Statement"]) == 1


def test_the_policy_of_an_existing_cluster_is_its_owners(stack: cdk.Stack, flights: Dataset) -> None:
    cluster = ExistingCluster(stack, "Kafka", cluster_arn=ARN)
    deliver(stack, flights, KafkaSource("flights", cluster=cluster))
    assert resources(template_of(stack), "AWS::MSK::ClusterPolicy") == []


def test_it_begins_at_a_time(stack: cdk.Stack, flights: Dataset) -> None:
    cluster = ExistingCluster(stack, "Kafka", cluster_arn=ARN)
    moment = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    found = deliver(stack, flights, KafkaSource("flights", cluster=cluster, read_from=moment))
    assert found["Properties"]["MSKSourceConfiguration"]["ReadFromTimestamp"] == "2026-01-01T00:00:00Z"


def test_a_source_that_is_not_clear_is_refused(stack: cdk.Stack) -> None:
    cluster = ExistingCluster(stack, "Kafka", cluster_arn=ARN)
    topic = KafkaTopic(stack, "Topic", cluster=cluster)
    with pytest.raises(ValueError, match="'cluster' is needed with a topic that is given by its name"):
        KafkaSource("flights")
    with pytest.raises(ValueError, match="'cluster' must be that of topic"):
        KafkaSource(topic, cluster=ExistingCluster(stack, "Other", cluster_arn=ARN))
    with pytest.raises(ValueError, match="'read_from' must have a time zone, got 2026-01-01T00:00:00"):
        KafkaSource(topic, read_from=datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    with pytest.raises(ValueError, match="a topic has 1 to 249 letters"):
        KafkaSource("a b", cluster=cluster)
