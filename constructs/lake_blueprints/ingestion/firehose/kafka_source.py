"""A topic of Kafka as the source of a delivery stream."""

from __future__ import annotations

from datetime import UTC, datetime

from aws_cdk import Acknowledgment, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.firehose.delivery_alarms import delivery_alarm
from lake_blueprints.ingestion.firehose.source import Source, SourceConfig
from lake_blueprints.ingestion.kafka import Cluster, KafkaTopic

_FIREHOSE = firehose.CfnDeliveryStream


@checked
class KafkaSource(Source):
    """A topic of a cluster of Amazon MSK, read through the private brokers.

    Parameters
    ----------
    topic: KafkaTopic or str
        The topic, or the name of one that exists before the delivery does.
    cluster: Cluster, optional
        Cluster of a topic that is given by its name. By default that of the topic.
    read_from: datetime, optional
        Time, in UTC or with a time zone, from which records are read; `datetime.fromtimestamp(0, UTC)` for all that the
        topic still has. By default the time at which the delivery is ready, so that earlier records are left out.

    Raises
    ------
    ValueError
        If the cluster is not clear, the name is none of a topic, or the time has no time zone.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/dev/writing-with-msk.html

    Example
    -------
        >>> cluster = KafkaCluster(self, "Cluster", network=network)
        >>> new_year = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        >>> flights = S3Destination(zone=raw, dataset=contract["flights"])
        >>> source = KafkaSource("flights", cluster=cluster, read_from=new_year)
        >>> DeliveryStream(self, "Flights", source=source, destination=flights)
    """

    def __init__(
        self, topic: KafkaTopic | str, *, cluster: Cluster | None = None, read_from: datetime | None = None
    ) -> None:
        if isinstance(topic, KafkaTopic):
            if cluster not in (None, topic.cluster):
                raise ValueError(f"'cluster' must be that of topic '{topic.node.path}'; leave it out")
            self.retention: Duration | None = topic.retention
            self.cluster, self.topic_name = topic.cluster, topic.topic_name
        elif cluster is None:
            raise ValueError(f"'cluster' is needed with a topic that is given by its name, got '{topic}' alone")
        else:
            cluster.topic_arn(topic)
            self.cluster, self.topic_name = cluster, topic
        if read_from is not None and read_from.tzinfo is None:
            raise ValueError(f"'read_from' must have a time zone, got {read_from.isoformat()}; add tzinfo=UTC")
        self._topic, self._read_from = topic, read_from

    def bind(self, scope: Construct, role: iam.IRole, encryption_key: kms.IKey) -> SourceConfig:
        read_from = self._read_from
        start = read_from.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if read_from else None
        configuration = _FIREHOSE.MSKSourceConfigurationProperty(
            msk_cluster_arn=self.cluster.cluster_arn,
            topic_name=self.topic_name,
            authentication_configuration=_FIREHOSE.AuthenticationConfigurationProperty(
                connectivity="PRIVATE", role_arn=role.role_arn
            ),
            read_from_timestamp=start,
        )
        before = (self._topic if isinstance(self._topic, KafkaTopic) else None, self.cluster.admit_firehose())
        return SourceConfig(
            properties={"delivery_stream_type": "MSKAsSource", "msk_source_configuration": configuration},
            permissions=self.cluster.deliver(self.topic_name),
            acknowledgment=Acknowledgment(
                id="AwsSolutions-KDF1", reason="its source, the cluster, is encrypted; Firehose refuses both"
            ),
            depends_on=tuple(one for one in before if one is not None),
        )

    def alarm_specs(self, delivery_stream_name: str) -> tuple[AlarmSpec, ...]:
        description = "The delivery falls behind the topic"
        return (delivery_alarm(delivery_stream_name, "Throttled", "DataReadFromSource.Backpressured", description),)
