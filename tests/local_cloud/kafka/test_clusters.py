"""Clusters of MSK: unmodified clients sign in by AWS's own tokens, and Firehose delivers every record once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, KafkaException, Producer

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from local_cloud.packages import OptionalPackage

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/website"
FIREHOSE = "arn:aws:iam::123456789012:role/firehose"
IAM = {"Sasl": {"Iam": {"Enabled": True}}}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        running.client("s3").create_bucket(Bucket="raw")
        yield running


def provisioned(cloud: LocalCloud, name: str) -> str:
    """Create a cluster, and return its ARN."""
    nodes = {"ClientSubnets": ["subnet-1", "subnet-2"], "InstanceType": "kafka.m7g.large"}
    options = {"KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 2, "ClientAuthentication": IAM}
    kafka = cloud.client("kafka")
    made = kafka.create_cluster_v2(ClusterName=name, Provisioned={"BrokerNodeGroupInfo": nodes, **options})
    assert kafka.describe_cluster_v2(ClusterArn=made["ClusterArn"])["ClusterInfo"]["State"] == "ACTIVE"
    return str(made["ClusterArn"])


def create_topic(cloud: LocalCloud, arn: str, name: str = "flights", partitions: int = 3) -> str:
    kafka = cloud.client("kafka")
    made = kafka.create_topic(ClusterArn=arn, TopicName=name, PartitionCount=partitions, ReplicationFactor=2)
    return str(made["TopicArn"])


def client(cloud: LocalCloud, arn: str, *, secret: str = "") -> dict[str, Any]:
    """Return the configuration of a client that signs in as AWS's guide says."""
    key = cloud._running.runtime.key(ROLE)

    class Known(CredentialProvider):  # type: ignore[misc]
        def load(self) -> Credentials:
            return Credentials(key.id, secret or key.secret)

    def sign(_: str) -> tuple[str, float]:
        token, expires = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(REGION, Known())
        return token, expires / 1000

    brokers = cloud.client("kafka").get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringSaslIam"]
    return {
        "bootstrap.servers": brokers,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "OAUTHBEARER",
        "oauth_cb": sign,
        "ssl.ca.location": str(cloud._running.runtime.authority.certificate),
        "log_level": 0,
    }


def produce(cloud: LocalCloud, arn: str, numbers: Iterable[int], topic: str = "flights") -> None:
    producer = Producer({**client(cloud, arn), "enable.idempotence": True})
    for number in numbers:
        producer.produce(topic, json.dumps({"id": number}).encode(), key=str(number))
        producer.poll(0)
    assert producer.flush(30) == 0


def deliver(cloud: LocalCloud, arn: str, name: str, **source: Any) -> None:
    """Create a delivery from a topic."""
    reader = {"RoleARN": FIREHOSE, "Connectivity": "PRIVATE"}
    append = {
        "Type": "AppendDelimiterToRecord",
        "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
    }
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="MSKAsSource",
        MSKSourceConfiguration={
            "MSKClusterARN": arn,
            "TopicName": "flights",
            "AuthenticationConfiguration": reader,
            **source,
        },
        ExtendedS3DestinationConfiguration={
            "RoleARN": FIREHOSE,
            "BucketARN": "arn:aws:s3:::raw",
            "Prefix": f"{name}/",
            "ProcessingConfiguration": {"Enabled": True, "Processors": [append]},
        },
    )


def delivered(cloud: LocalCloud, name: str) -> Counter[int]:
    """Return the ids of the delivered records, with how often each is there."""
    s3, found = cloud.client("s3"), Counter[int]()
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket="raw", Prefix=f"{name}/"):
        for one in page.get("Contents", []):
            body = s3.get_object(Bucket="raw", Key=one["Key"])["Body"].read().decode()
            found.update(json.loads(line)["id"] for line in body.splitlines())
    return found


def test_a_client_produces_and_one_of_a_group_consumes(cloud: LocalCloud) -> None:
    arn = provisioned(cloud, "clients")
    create_topic(cloud, arn, partitions=6)
    produce(cloud, arn, range(1_000))
    consumer = Consumer({**client(cloud, arn), "group.id": "lake", "auto.offset.reset": "earliest"})
    assert len(consumer.list_topics("flights", timeout=10).topics["flights"].partitions) == 6
    consumer.subscribe(["flights"])
    found: set[int] = set()
    while len(found) < 1_000:
        messages = consumer.consume(1_000, 20)
        assert messages, f"{len(found)} records, and then none"
        found |= {json.loads(message.value())["id"] for message in messages}
    consumer.close()
    assert found == set(range(1_000))


def test_a_token_that_is_not_the_clouds_is_refused(cloud: LocalCloud) -> None:
    arn = provisioned(cloud, "stranger")
    stranger = Producer({**client(cloud, arn, secret="wrong"), "error_cb": lambda _: None})
    with pytest.raises(KafkaException):
        stranger.list_topics(timeout=2)


def test_sign_in_is_recorded_for_the_role(cloud: LocalCloud) -> None:
    arn = provisioned(cloud, "recorded")
    produce(cloud, arn, range(1))
    assert ("kafka-cluster:Connect", arn) in {(one.action, one.resource) for one in cloud.calls if one.role == ROLE}


def test_firehose_delivers_what_comes_after_it(cloud: LocalCloud) -> None:
    arn = provisioned(cloud, "later")
    create_topic(cloud, arn)
    produce(cloud, arn, range(10))
    deliver(cloud, arn, "later")
    produce(cloud, arn, range(10, 20))
    cloud.drain()
    assert delivered(cloud, "later") == Counter(range(10, 20))
    described = cloud.client("firehose").describe_delivery_stream(DeliveryStreamName="later")
    assert described["DeliveryStreamDescription"]["Source"]["MSKSourceDescription"]["MSKClusterARN"] == arn


def test_records_that_were_dropped_before_they_were_read_are_reported(cloud: LocalCloud) -> None:
    arn = provisioned(cloud, "dropping")
    create_topic(cloud, arn, partitions=1)
    produce(cloud, arn, range(1))
    deliver(cloud, arn, "dropping", ReadFromTimestamp=0)
    cloud.drain()
    (pipeline,) = [one for one in _pipelines(cloud) if one.stream.delivery_stream_name == "dropping"]
    with pipeline._buffering:
        producer = Producer({**client(cloud, arn), "queue.buffering.max.kbytes": 100_000})
        for _ in range(20):
            producer.produce("flights", b"x" * 900_000)
        assert producer.flush(30) == 0
        # What the client has fetched before it was asked for it is not lost.
        pipeline._source._consumer.close()
        pipeline._source._consumer = None
        pipeline._source._assigned.clear()
        # Still under the lock, or else the cloud's own thread reads first, and has the error.
        with pytest.raises(LocalCloudError, match="records of partition 0 of topic flights were dropped"):
            while pipeline._source.read():
                continue
    cloud.client("firehose").delete_delivery_stream(DeliveryStreamName="dropping")


def _pipelines(cloud: LocalCloud) -> list[Any]:
    engine: Any
    (engine,) = [one for one in cloud._running._engines if type(one).__name__ == "FirehoseEngine"]
    return list(engine._pipelines.values())


def test_topics_are_those_of_provisioned_clusters(cloud: LocalCloud) -> None:
    kafka = cloud.client("kafka")
    arn = provisioned(cloud, "topics")
    topic = create_topic(cloud, arn)
    assert topic == f"{arn.replace(':cluster/', ':topic/')}/flights"
    assert kafka.describe_topic(ClusterArn=arn, TopicName="flights")["PartitionCount"] == 3
    with pytest.raises(ClientError, match="already exists"):
        create_topic(cloud, arn)
    with pytest.raises(ClientError, match="has the partitions it was created with"):
        kafka.update_topic(ClusterArn=arn, TopicName="flights", PartitionCount=4)
    kafka.delete_topic(ClusterArn=arn, TopicName="flights")
    assert kafka.list_topics(ClusterArn=arn)["Topics"] == []
    serverless = {"VpcConfigs": [{"SubnetIds": ["subnet-1"]}], "ClientAuthentication": IAM}
    other = kafka.create_cluster_v2(ClusterName="serverless", Serverless=serverless)["ClusterArn"]
    with pytest.raises(ClientError, match="not supported for serverless clusters"):
        create_topic(cloud, other)
    kafka.delete_cluster(ClusterArn=other)
    with pytest.raises(ClientError, match="does not exist"):
        kafka.get_bootstrap_brokers(ClusterArn=other)


def test_a_cluster_without_iam_is_refused(cloud: LocalCloud) -> None:
    nodes = {"ClientSubnets": ["subnet-1"], "InstanceType": "kafka.m7g.large"}
    options = {"KafkaVersion": "3.8.x", "NumberOfBrokerNodes": 1}
    with pytest.raises(ClientError, match="that sign in by IAM, and no others"):
        cloud.client("kafka").create_cluster(ClusterName="open", BrokerNodeGroupInfo=nodes, **options)


def test_without_the_package_it_is_named(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = OptionalPackage(module="no_such_package", extra="kafka")
    monkeypatch.setattr("local_cloud.engines.kafka.engine.PACKAGE", missing)
    with pytest.raises(ClientError, match=r"pip install 'lake-local-cloud\[kafka\]'"):
        provisioned(cloud, "missing")


def test_a_topic_is_deployed_by_cloudformation(cloud: LocalCloud) -> None:
    arn = provisioned(cloud, "deployed")
    topic = {"ClusterArn": arn, "TopicName": "flights", "PartitionCount": 2, "ReplicationFactor": 2}
    policy = {"ClusterArn": arn, "Policy": {"Version": "2012-10-17", "Statement": []}}
    template = {
        "Resources": {
            "Topic": {"Type": "AWS::MSK::Topic", "Properties": topic},
            "Policy": {"Type": "AWS::MSK::ClusterPolicy", "Properties": policy},
        }
    }
    cloud.client("cloudformation").create_stack(StackName="topic", TemplateBody=json.dumps(template))
    assert [one["TopicName"] for one in cloud.client("kafka").list_topics(ClusterArn=arn)["Topics"]] == ["flights"]
    assert cloud.client("kafka").get_cluster_policy(ClusterArn=arn)["Policy"]
    cloud.client("cloudformation").delete_stack(StackName="topic")
    assert cloud.client("kafka").list_topics(ClusterArn=arn)["Topics"] == []


def test_every_one_of_ten_thousand_records_is_delivered_once_across_a_restart(
    tmp_path: Path, cloud: LocalCloud
) -> None:
    cloud.stop()
    with LocalCloud(workdir=tmp_path) as first:
        first.client("s3").create_bucket(Bucket="raw")
        arn = provisioned(first, "lake")
        create_topic(first, arn)
        produce(first, arn, range(2_000))
        deliver(first, arn, "all", ReadFromTimestamp=0)
        produce(first, arn, range(2_000, 5_000))
        first.drain()
        assert delivered(first, "all") == Counter(range(5_000))
        produce(first, arn, range(5_000, 7_000))
        brokers = first.client("kafka").get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringSaslIam"]
        first.stop(keep=True)
    with LocalCloud(workdir=tmp_path) as second:
        again = second.client("kafka").get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerStringSaslIam"]
        assert again == brokers
        produce(second, arn, range(7_000, 10_000))
        second.drain()
        assert delivered(second, "all") == Counter(range(10_000))
