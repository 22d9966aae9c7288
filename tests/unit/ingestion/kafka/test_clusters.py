"""Clusters and topics of Kafka: private, signed in to by IAM alone, granted topic by topic."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.kafka import ExistingCluster, KafkaCluster, KafkaTopic
from tests.support import properties, resources, template_of

ARN = "arn:aws:kafka:eu-central-1:111122223333:cluster/lake/8c5ab1b2-5c1f-4d29-8d9a-5f0d1e2a3b4c-3"
SERVERLESS = "AWS::MSK::ServerlessCluster"


def existing(stack: cdk.Stack, **options: Any) -> ExistingCluster:
    return ExistingCluster(stack, "Existing", cluster_arn=ARN, **options)


def granted(stack: cdk.Stack) -> dict[str, set[str]]:
    """Return the granted actions by their resource."""
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    return {
        str(one["Resource"]).removeprefix("arn:aws:kafka:eu-central-1:111122223333:"): {*_list(one["Action"])}
        for one in statements
    }


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def role(stack: cdk.Stack) -> iam.Role:
    return iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal())


def test_a_cluster_takes_clients_of_iam_from_its_network_alone(stack: cdk.Stack) -> None:
    cluster = KafkaCluster(stack, "Kafka", network=LakeNetwork(stack, "Network"))
    template = template_of(stack)
    found = properties(template, SERVERLESS)
    assert found["ClientAuthentication"] == {"Sasl": {"Iam": {"Enabled": True}}}
    assert len(found["VpcConfigs"][0]["SubnetIds"]) == 3
    assert "SecurityGroupIngress" not in properties(template, "AWS::EC2::SecurityGroup")
    assert cluster.connections.default_port is not None
    assert cluster.connections.default_port.to_rule_json() == {"ipProtocol": "tcp", "fromPort": 9098, "toPort": 9098}


def test_a_cluster_has_no_policy_until_a_delivery_reads_it(stack: cdk.Stack) -> None:
    KafkaCluster(stack, "Kafka", network=LakeNetwork(stack, "Network"))
    assert resources(template_of(stack), "AWS::MSK::ClusterPolicy") == []


def test_a_network_of_one_zone_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="must have isolated subnets in two zones or more, got 1"):
        KafkaCluster(stack, "Kafka", network=LakeNetwork(stack, "Network", az_count=1))


def test_a_producer_may_write_one_topic_and_not_read_it(stack: cdk.Stack) -> None:
    existing(stack).grant_produce(role(stack), topic="flights")
    place = "lake/8c5ab1b2-5c1f-4d29-8d9a-5f0d1e2a3b4c-3"
    assert granted(stack) == {
        "*": {"kafka:GetBootstrapBrokers"},
        f"cluster/{place}": {"kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"},
        f"topic/{place}/flights": {"kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"},
    }


def test_a_consumer_may_read_one_topic_in_one_group(stack: cdk.Stack) -> None:
    KafkaTopic(stack, "Topic", cluster=existing(stack), topic_name="flights").grant_consume(role(stack), group="lake")
    place = "lake/8c5ab1b2-5c1f-4d29-8d9a-5f0d1e2a3b4c-3"
    assert granted(stack) == {
        "*": {"kafka:GetBootstrapBrokers"},
        f"cluster/{place}": {"kafka-cluster:Connect"},
        f"topic/{place}/flights": {"kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"},
        f"group/{place}/lake": {"kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"},
    }


def test_a_topic_keeps_records_for_a_week_on_three_brokers(stack: cdk.Stack) -> None:
    KafkaTopic(stack, "Topic", cluster=existing(stack), topic_name="flights", partitions=6)
    assert properties(template_of(stack), "AWS::MSK::Topic") == {
        "ClusterArn": ARN,
        "TopicName": "flights",
        "PartitionCount": 6,
        "ReplicationFactor": 3,
        "Configs": {"Fn::Base64": "retention.ms=604800000"},
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"topic_name": "a b"}, "a topic has 1 to 249 letters, digits, '.', '_' and '-', got 'a b'"),
        ({"topic_name": ".."}, "a topic has 1 to 249 letters"),
        ({"partitions": 0}, "'partitions' must be at least 1, got 0"),
        ({"replication_factor": 0}, "'replication_factor' must be at least 1, got 0"),
    ],
)
def test_what_kafka_refuses_is_refused(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KafkaTopic(stack, "Topic", cluster=existing(stack), **options)


@pytest.mark.parametrize("by_arn", [True, False])
def test_a_topic_of_msk_serverless_is_refused(stack: cdk.Stack, by_arn: bool) -> None:
    cluster = (
        ExistingCluster(stack, "Existing", cluster_arn=f"{ARN[:-1]}s1")
        if by_arn
        else KafkaCluster(stack, "Kafka", network=LakeNetwork(stack, "Network"))
    )
    with pytest.raises(ValueError, match="is of MSK Serverless, where CloudFormation creates no topics"):
        KafkaTopic(stack, "Topic", cluster=cluster)


def test_an_arn_of_something_else_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'cluster_arn' must be arn:<partition>:kafka:"):
        ExistingCluster(stack, "Existing", cluster_arn="arn:aws:kinesis:eu-central-1:111122223333:stream/lake")
