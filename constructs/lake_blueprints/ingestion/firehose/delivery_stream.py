"""A Firehose delivery stream that writes records to a zone."""

from __future__ import annotations

from aws_cdk import Acknowledgment, ArnFormat, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.catalog import Layout, Table
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.ingestion.firehose import permissions
from lake_blueprints.ingestion.firehose.buffering import Buffer
from lake_blueprints.ingestion.firehose.conversion import to_parquet
from lake_blueprints.ingestion.firehose.delivery_alarms import add_delivery_alarms, late_after
from lake_blueprints.ingestion.firehose.destination import Destination, destination
from lake_blueprints.ingestion.firehose.processors import newline_processor, partition_processor, transform_processor
from lake_blueprints.ingestion.firehose.transform import Transform
from lake_blueprints.ingestion.kinesis.stream import Stream
from lake_blueprints.storage.s3 import Zone

_FIREHOSE = firehose.CfnDeliveryStream


class DeliveryStream(Construct):
    """Define a delivery of a dataset's records to a zone: as they came, or converted to Parquet.

    Parameters
    ----------
    zone: Zone
        Where the records go.
    dataset: Dataset
        What the records are.
    source: Stream or kinesis.IStream, optional
        Where the records come from. By default producers put them directly; see `grant_write`.
    schema: Table, optional
        Table of the same dataset and zone that the records are converted for: it decides columns, prefix and
        layout. By default records are written as they came, as lines of text under GZIP.
    prefix: str, optional
        Where the records go in the zone, ending in a slash. By default the schema's, else the dataset's name.
    layout: Layout, optional
        How they lie below the prefix: by the day of arrival or in folders of the dataset's partition keys, which
        Firehose reads from each JSON record. By default the schema's, else `ArrivalTime()`.
    transform: Transform, optional
        A function that changes records before anything else happens to them. By default none.
    buffer: Buffer
        How much is collected before an object is written. By default 128 MiB or 300 seconds.
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
    with a topic, three to six alarms.

    Raises
    ------
    ValueError
        If Firehose would refuse the buffer, the layout needs what the records do not have, or the schema is of
        another dataset or zone.

    Notes
    -----
    What fails lies below `errors/<dataset>/<type of error>/` of the zone. The role's permissions are those of
    https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html

    Example
    -------
        >>> stream = Stream(self, "Stream")
        >>> DeliveryStream(self, "Flights", zone=raw, dataset=contract["flights"], source=stream)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: Zone,
        dataset: Dataset,
        source: Stream | kinesis.IStream | None = None,
        schema: Table | None = None,
        prefix: str | None = None,
        layout: Layout | None = None,
        transform: Transform | None = None,
        buffer: Buffer | None = None,
        alarm_topic: sns.ITopic | None = None,
        freshness: Duration | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_YEAR,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        where = destination(zone, dataset, prefix=prefix, layout=layout, schema=schema)
        buffer = buffer or Buffer()
        buffer.check(converted=schema is not None, dynamic=where.dynamic)
        if freshness and not alarm_topic:
            raise ValueError("'freshness' is when an alarm goes off; give an 'alarm_topic' that it notifies")
        self.zone = zone
        self.dataset = dataset
        self.buffer = buffer
        self.prefix = where.prefix
        self.layout = where.layout
        self._dynamic = where.dynamic
        self.error_prefix = where.errors
        # What cannot be delivered lies there as it came.
        for restricted in (self.prefix, self.error_prefix):
            zone.restrict(restricted, columns=[column.name for column in dataset.restricted_columns])
        self.source = source.stream if isinstance(source, Stream) else source
        self._source_retention = source.retention if isinstance(source, Stream) else None
        self.schema = schema
        self.transform = transform

        self.role = ServiceRole(
            self, "Role", services=["firehose.amazonaws.com"], description=f"Delivers '{dataset.name}' to a zone"
        )
        self.log_group = logs.LogGroup(self, "Log", encryption_key=zone.key, retention=log_retention)
        guard_removal(self.log_group, removal_policy, encryption_key=zone.key)
        # Firehose creates neither group nor stream, and without them logs nothing.
        self.log_stream = logs.LogStream(self, "LogStream", log_group=self.log_group)
        guard_removal(self.log_stream, removal_policy)
        self._allow()

        resource = _FIREHOSE(
            self,
            "Delivery",
            delivery_stream_type="KinesisStreamAsSource" if self.source else "DirectPut",
            kinesis_stream_source_configuration=_FIREHOSE.KinesisStreamSourceConfigurationProperty(
                kinesis_stream_arn=self.source.stream_arn, role_arn=self.role.role_arn
            )
            if self.source
            else None,
            # With a stream as source the stream is encrypted instead, and Firehose refuses this.
            delivery_stream_encryption_configuration_input=None
            if self.source
            else _FIREHOSE.DeliveryStreamEncryptionConfigurationInputProperty(
                key_type="CUSTOMER_MANAGED_CMK", key_arn=zone.key.key_arn
            ),
            extended_s3_destination_configuration=_FIREHOSE.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=zone.bucket.bucket_arn,
                role_arn=self.role.role_arn,
                prefix=where.expression,
                error_output_prefix=where.errors_expression,
                buffering_hints=_FIREHOSE.BufferingHintsProperty(
                    size_in_m_bs=buffer.megabytes, interval_in_seconds=buffer.seconds
                ),
                # Conversion compresses by itself.
                compression_format="UNCOMPRESSED" if schema else "GZIP",
                encryption_configuration=_FIREHOSE.EncryptionConfigurationProperty(
                    kms_encryption_config=_FIREHOSE.KMSEncryptionConfigProperty(awskms_key_arn=zone.key.key_arn)
                ),
                cloud_watch_logging_options=_FIREHOSE.CloudWatchLoggingOptionsProperty(
                    enabled=True,
                    log_group_name=self.log_group.log_group_name,
                    log_stream_name=self.log_stream.log_stream_name,
                ),
                processing_configuration=_processing(where, transform, converted=schema is not None),
                dynamic_partitioning_configuration=_FIREHOSE.DynamicPartitioningConfigurationProperty(enabled=True)
                if where.dynamic
                else None,
                data_format_conversion_configuration=to_parquet(schema, self.role) if schema else None,
            ),
        )
        if self.source:
            Validations.of(resource).acknowledge(
                Acknowledgment(
                    id="AwsSolutions-KDF1", reason="its source, the stream, is encrypted; Firehose refuses both"
                )
            )
        if schema:
            schema.grant_schema(self.role, before=resource)
        self.delivery_stream_name = resource.ref
        self.delivery_stream_arn = resource.attr_arn
        if alarm_topic:
            self.add_alarms(alarm_topic, freshness=freshness)

    def add_alarms(self, topic: sns.ITopic, *, freshness: Duration | None = None) -> None:
        """Define alarms on records that are late, throttled, or cannot be written, transformed or converted; once.

        Parameters
        ----------
        topic: sns.ITopic
            Where the messages go; its policy and its key's then admit CloudWatch, unless they are imported.
        freshness: Duration, optional
            Age of a waiting record at which it is late, more than the buffer's interval and less than the retention of
            the stream. By default twice the interval and five minutes.
        """
        add_delivery_alarms(
            self,
            delivery_stream_name=self.delivery_stream_name,
            late_after_seconds=late_after(self.buffer.seconds, freshness, self._source_retention),
            from_stream=self.source is not None,
            converted=self.schema is not None,
            transformed=self.transform is not None,
            dynamic=self._dynamic,
            topic=topic,
        )

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow putting records directly; only for a delivery without a source.

        Raises
        ------
        ValueError
            If the delivery reads a stream, which producers write to instead.
        """
        if self.source:
            raise ValueError(f"delivery '{self.node.path}' reads a stream; use grant_write of the stream")
        return allow(grantee, permissions.put_records(self.delivery_stream_arn))

    def _allow(self) -> None:
        allow(self.role, *permissions.write_to_zone(self.zone, [self.prefix, self.error_prefix]))
        name = f"{self.log_group.log_group_name}:log-stream:{self.log_stream.log_stream_name}"
        log = Stack.of(self).format_arn(
            service="logs", resource="log-group", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        allow(self.role, permissions.log_failures(log))
        if self.source:
            allow(self.role, *permissions.take_records(self.source))
        functions = self.transform.function.resource_arns_for_grant_invoke if self.transform else []
        if functions:
            allow(self.role, permissions.transform_records(functions))


def _processing(
    where: Destination, transform: Transform | None, *, converted: bool
) -> firehose.CfnDeliveryStream.ProcessingConfigurationProperty | None:
    processors = [
        *([transform_processor(transform)] if transform else []),
        *([partition_processor(where.dataset)] if where.dynamic else []),
        # Without it the records of an object would be one line.
        *([] if converted else [newline_processor()]),
    ]
    return _FIREHOSE.ProcessingConfigurationProperty(enabled=True, processors=processors) if processors else None
