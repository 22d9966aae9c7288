"""A consumer of a data stream that has throughput of its own."""

from __future__ import annotations

from aws_cdk import Names
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.kinesis.alarms import consumer_alarms
from lake_blueprints.ingestion.kinesis.permissions import subscribe
from lake_blueprints.ingestion.kinesis.stream import Stream

_LONGEST_NAME = 128


@checked
class StreamConsumer(Construct):
    """Define a consumer to which Kinesis pushes records (enhanced fan-out), 2 MB a second of each shard.

    Readers that poll share that throughput. A consumer of a provisioned stream costs 11 USD a month for each shard,
    whether it reads or not; one of a stream on demand is paid for by the GB alone.

    Parameters
    ----------
    stream: Stream
        The stream, which can have 20 of them.
    alarm_topic: sns.ITopic, optional
        Topic of the alarm on a consumer that is so late that half of the retention is used up. By default there is no
        alarm.

    Defines
    -------
    One consumer, with its `consumer_arn` and `consumer_name`; with a topic, the alarm of `alarm_specs`.

    Notes
    -----
    https://docs.aws.amazon.com/streams/latest/dev/enhanced-consumers.html

    Example
    -------
        >>> stream = Stream(self, "Flights", shards=2)
        >>> StreamConsumer(self, "Dashboard", stream=stream).grant_read(role)
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, stream: Stream, alarm_topic: sns.ITopic | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        self.stream = stream
        # CloudFormation demands a name, which only the consumers of the same stream must not have.
        self.consumer_name = Names.unique_resource_name(self, max_length=_LONGEST_NAME)
        consumer = kinesis.CfnStreamConsumer(
            self, "Consumer", consumer_name=self.consumer_name, stream_arn=stream.stream.stream_arn
        )
        self.consumer_arn = consumer.attr_consumer_arn
        if alarm_topic:
            self.add_alarms(alarm_topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarm on a consumer that falls behind."""
        return consumer_alarms(self.stream.stream, self.consumer_name, self.stream.retention)

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarm of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarm; its policy and its key's then admit CloudWatch, unless they are imported.
        """
        add_alarms(self, self.alarm_specs, topic)

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow reading records as this consumer, and decrypting them."""
        return allow(grantee, *subscribe(self.stream.stream, self.consumer_arn))
