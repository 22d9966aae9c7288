"""A Kinesis data stream that producers write records to."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.alarms import AlarmSpec, add_alarms
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInHours, KnownInt
from lake_blueprints.ingestion.kinesis.alarms import capacity_alarms, stream_alarms
from lake_blueprints.ingestion.kinesis.permissions import read_stream, write_stream
from template_checks.limits.kinesis import RETENTION

_DAY = Duration.hours(24)


@checked
class Stream(Construct):
    """Define an encrypted data stream, on demand or with a number of shards.

    Parameters
    ----------
    encryption_key: kms.IKey, optional
        Key for the records. By default a new `LakeKey` is defined.
    mode: kinesis.StreamMode, optional
        ON_DEMAND scales by itself; PROVISIONED has `shards`. By default PROVISIONED if `shards` is given, else
        ON_DEMAND.
    shards: int, optional
        Number of shards, at least 1; each takes 1 MB or 1,000 records a second. Not for ON_DEMAND.
    retention: Duration
        How long a record can be read, 24 hours to 365 days. By default 24 hours.
    alarm_topic: sns.ITopic, optional
        Topic of the alarms on producers or readers that are throttled, on a reader that is so late that half of the
        retention is used up and, with `shards`, on a minute in which 80 % of what they take is written. By default
        there are no alarms.
    removal_policy: RemovalPolicy
        What happens to the records when the stream leaves the stack, subject to the removal guard. By default they
        are retained.

    Defines
    -------
    One Kinesis stream, as `stream`, with its `retention`; a key, as `key`, unless it is given; with a topic, the
    alarms of `alarm_specs`.

    Raises
    ------
    ValueError
        If shards and mode contradict each other, or the retention is out of range.

    Example
    -------
        >>> stream = Stream(self, "Flights", retention=Duration.days(7))
        >>> stream.grant_write(producer)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        encryption_key: kms.IKey | None = None,
        mode: kinesis.StreamMode | None = None,
        shards: KnownInt | None = None,
        retention: DurationInHours = _DAY,
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        mode = mode or (kinesis.StreamMode.PROVISIONED if shards is not None else kinesis.StreamMode.ON_DEMAND)
        _check(mode, shards, retention)
        self.retention = retention
        self._shards = shards
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_mode=mode,
            shard_count=shards,
            retention_period=retention,
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=self.key,
        )
        guard_removal(self.stream, removal_policy, encryption_key=self.key)
        Validations.of(self.stream).acknowledge(
            Acknowledgment(
                id="AwsSolutions-KDS3", reason="a key whose policy and rotation are the lake's own, for 1 USD a month"
            )
        )
        if alarm_topic:
            self.add_alarms(alarm_topic)

    @property
    def alarm_specs(self) -> tuple[AlarmSpec, ...]:
        """The alarms on producers or readers that are throttled, on a late reader, and on shards nearly full."""
        near_limit = capacity_alarms(self.stream, self._shards) if self._shards else ()
        return (*stream_alarms(self.stream, self.retention), *near_limit)

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow reading records and decrypting them."""
        return allow(grantee, *read_stream(self.stream))

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow adding records and encrypting them; not reading."""
        return allow(grantee, *write_stream(self.stream, self.key))

    def add_alarms(self, topic: sns.ITopic) -> None:
        """Define the alarms of `alarm_specs`; once.

        Parameters
        ----------
        topic: sns.ITopic
            Topic that receives the alarms; its policy and its key's then admit CloudWatch, unless they are imported.
        """
        add_alarms(self, self.alarm_specs, topic)


def _check(mode: kinesis.StreamMode, shards: int | None, retention: Duration) -> None:
    if mode is kinesis.StreamMode.ON_DEMAND and shards is not None:
        raise ValueError(f"an ON_DEMAND stream has no number of shards, got {shards}; leave 'shards' or 'mode' out")
    if mode is kinesis.StreamMode.PROVISIONED and (shards is None or shards < 1):
        raise ValueError(f"a PROVISIONED stream needs 'shards' of at least 1, got {shards}")
    if retention.is_unresolved():
        return
    RETENTION.check("retention", retention.to_hours(integral=False))
