"""Amazon MSK: clusters of Kafka and their topics, which roles reach by IAM."""

from lake_blueprints.ingestion.kafka.cluster import Cluster
from lake_blueprints.ingestion.kafka.existing_cluster import ExistingCluster
from lake_blueprints.ingestion.kafka.kafka_cluster import KafkaCluster
from lake_blueprints.ingestion.kafka.kafka_topic import KafkaTopic

__all__ = ("Cluster", "ExistingCluster", "KafkaCluster", "KafkaTopic")
