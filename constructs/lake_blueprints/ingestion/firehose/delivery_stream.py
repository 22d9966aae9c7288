"""A Firehose delivery stream.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.catalog import Landing
from lake_blueprints.foundation.access import Permission, ServiceRole, allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInSeconds
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.buffering import Buffer
from lake_blueprints.ingestion.firehose.delivery_alarms import late_after, transform_failed
from lake_blueprints.ingestion.firehose.destination import Destination, DestinationBindOptions
from lake_blueprints.ingestion.firehose.source import DirectPut, KinesisStreamSource, Source
from lake_blueprints.ingestion.firehose.transform import Transform
from lake_blueprints.ingestion.kinesis.stream import Stream

_FIREHOSE = firehose.CfnDeliveryStream


@checked
class DeliveryStream(Construct):
    """Define a delivery of a dataset's records to a destination, from producers or from a stream.

    Parameters
    ----------
    destination: Destination
        Where the records go: `S3Destination` as they came, `ParquetDestination` converted for a table,
        `IcebergDestination` as rows of an Iceberg table; out of the lake by `HttpDestination`, `SplunkDestination`,
        `OpenSearchDestination`, `OpenSearchServerlessDestination`, `RedshiftDestination` and `SnowflakeDestination`.
    source: Stream, kinesis.IStream or Source, optional
        Where the records come from. By default producers put them directly; see `grant_write`.
    transform: Transform, optional
        A function that changes records before anything else happens to them. By default none.
    buffer: Buffer
        How much is collected before it is delivered. By default what suits the destination: to a zone, 128 MiB or 300
        seconds.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms; see `add_alarms`. By default there are none.
    freshness: Duration, optional
        Age of a waiting record at which it is late, more than the buffer's interval and less than the retention of
        the stream. By default twice the interval and five minutes.
    log_retention: logs.RetentionDays
        How long the log of failures is kept. By default one year.
    removal_policy: RemovalPolicy
        What happens to the log when it leaves the stack, subject to the removal guard. By default it is retained.

    Defines
    -------
    One delivery stream, named `delivery_stream_name`; its role, as `role`; a log group, as `log_group`, and stream;
    with a topic, three to six alarms, as `alarm_specs`.

    Raises
    ------
    ValueError
        If Firehose would refuse the buffer, or the freshness is out of range.

    Notes
    -----
    What fails lies below `errors/<dataset>/<type of error>/` of the destination's zone. The role's permissions are
    those of https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html

    Example
    -------
        >>> stream = Stream(self, "Stream")
        >>> flights = S3Destination(zone=raw, dataset=contract["flights"])
        >>> DeliveryStream(self, "Flights", source=stream, destination=flights)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        destination: Destination,
        source: Stream | kinesis.IStream | Source | None = None,
        transform: Transform | None = None,
        buffer: Buffer | None = None,
        alarm_topic: sns.ITopic | None = None,
        freshness: DurationInSeconds | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        self.destination = destination
        self.dataset, self.zone, self.error_prefix = destination.dataset, destination.zone, destination.error_prefix
        self.buffering = destination.buffering(buffer or Buffer())
        if freshness and not alarm_topic:
            raise ValueError("'freshness' is when an alarm goes off; give an 'alarm_topic' that it notifies")
        self.source = _source(source)
        self.transform = transform
        self._freshness = freshness

        key = self.zone.key
        self.role = ServiceRole(
            self,
            "Role",
            services=["firehose.amazonaws.com"],
            description=f"Delivers '{self.dataset.name}' to {destination.receiver}",
        )
        self.log_group = logs.LogGroup(self, "Log", encryption_key=key, retention=log_retention)
        guard_removal(self.log_group, removal_policy, encryption_key=key)
        # Firehose creates neither group nor stream, and without them logs nothing.
        self.log_stream = logs.LogStream(self, "LogStream", log_group=self.log_group)
        guard_removal(self.log_stream, removal_policy)
        bound = self.source.bind(self, self.role, key)
        self._allow(bound.permissions)
        options = DestinationBindOptions(
            role=self.role,
            logging=_FIREHOSE.CloudWatchLoggingOptionsProperty(
                enabled=True,
                log_group_name=self.log_group.log_group_name,
                log_stream_name=self.log_stream.log_stream_name,
            ),
            buffering=self.buffering,
            transform=transform,
        )
        resource = _FIREHOSE(self, "Delivery", **bound.properties, **destination.bind(self, options))
        resource.node.add_dependency(*bound.depends_on)
        if bound.acknowledgment:
            Validations.of(resource).acknowledge(bound.acknowledgment)
        destination.prepare(self.role, resource)
        self.delivery_stream_name = resource.ref
        self.delivery_stream_arn = resource.attr_arn
        if alarm_topic:
            self.add_alarms(alarm_topic, freshness=freshness)

    @property
    def landing(self) -> Landing:
        """The records in the zone, for what reads them: a `CurationJob`.

        Raises
        ------
        ValueError
            If the destination is no zone.
        """
        if self.destination.landing is None:
            kind = type(self.destination).__name__
            raise ValueError(f"delivery '{self.node.path}' is to a {kind}, which leaves no records in a zone")
        return self.destination.landing

    @property
    def takes_records(self) -> bool:
        """Whether producers put records into it directly, and it reads no stream."""
        return isinstance(self.source, DirectPut)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on records that are late, throttled, or cannot be written, transformed or converted."""
        name = self.delivery_stream_name
        late = late_after(self.buffering.seconds, self._freshness, self.source.retention)
        return (
            *self.destination.alarm_specs(name, late),
            *self.source.alarm_specs(name),
            *([transform_failed(name)] if self.transform else []),
        )

    def add_alarms(self, topic: sns.ITopic, *, freshness: Duration | None = None) -> None:
        """Define the alarms of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
        freshness: Duration, optional
            Age of a waiting record at which it is late, more than the buffer's interval and less than the retention of
            the stream. By default twice the interval and five minutes.
        """
        self._freshness = freshness
        add_alarms(self, self.alarm_specs, topic)

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow putting records directly; only for a delivery without a source.

        Raises
        ------
        ValueError
            If the delivery reads a stream, which producers write to instead.
        """
        if not self.takes_records:
            raise ValueError(f"delivery '{self.node.path}' reads a stream; use grant_write of the stream")
        return allow(grantee, permissions.put_records(self.delivery_stream_arn))

    def _allow(self, of_source: tuple[Permission, ...]) -> None:
        name = f"{self.log_group.log_group_name}:log-stream:{self.log_stream.log_stream_name}"
        log = Stack.of(self).format_arn(
            service="logs", resource="log-group", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        allow(self.role, *self.destination.permissions)
        allow(self.role, permissions.log_failures(log))
        if of_source:
            allow(self.role, *of_source)
        functions = self.transform.function.resource_arns_for_grant_invoke if self.transform else []
        if functions:
            allow(self.role, permissions.transform_records(functions))


def _source(given: Stream | kinesis.IStream | Source | None) -> Source:
    if given is None:
        return DirectPut()
    return given if isinstance(given, Source) else KinesisStreamSource(given)
