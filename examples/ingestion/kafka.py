"""Flights that a program sends by Kafka's protocol: one role produces them, and a delivery keeps them in a zone."""

from datetime import UTC, datetime

import aws_cdk as cdk

from lake_blueprints import Column, Dataset, Zone
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.firehose import DeliveryStream, KafkaSource, S3Destination
from lake_blueprints.ingestion.kafka import KafkaCluster

app = cdk.App()
stack = cdk.Stack(app, "Flights")
raw = Zone(stack, "Raw")
columns = [Column(name="id", type="int"), Column(name="carrier", type="string")]
flights = Dataset(name="flights", columns=columns)
network = LakeNetwork(stack, "Network", encryption_key=raw.key)
cluster = KafkaCluster(stack, "Cluster", network=network)
producer = ServiceRole(stack, "Producer", services=["ecs-tasks.amazonaws.com"], description="Sends flights")
cluster.grant_create_topic(producer, topic="flights")
cluster.grant_produce(producer, topic="flights")
source = KafkaSource("flights", cluster=cluster, read_from=datetime.fromtimestamp(0, UTC))
DeliveryStream(stack, "Delivery", source=source, destination=S3Destination(zone=raw, dataset=flights))
app.synth()
