"""A video stream, to which cameras send and from which people and models watch."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisvideo as kinesisvideo
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInHours
from lake_blueprints.ingestion.kinesisvideo.permissions import send_video, watch_video
from template_checks.limits.kinesis_video import RETENTION

_DAY = Duration.hours(24)


@checked
class VideoStream(Construct):
    """Define an encrypted stream of one camera, which costs nothing until video comes.

    Parameters
    ----------
    retention: Duration
        How long video is kept, whole hours, 1 hour to 10 years. By default 24 hours. CloudFormation's own default is
        to keep none.
    media_type: str
        Type of the media, by which viewers decode it. By default `video/h264`.
    encryption_key: kms.IKey, optional
        Key for the video, which no deployment changes later without a new stream. By default a new `LakeKey` is
        defined.
    removal_policy: RemovalPolicy
        What happens to the video when the stream leaves the stack, subject to the removal guard. By default it is
        retained.

    Defines
    -------
    One video stream, named `stream_name`; a key, as `key`, unless it is given.

    Raises
    ------
    ValueError
        If the retention is out of range.

    Notes
    -----
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesisvideo-stream.html

    Example
    -------
        >>> gate = VideoStream(self, "Gate", retention=Duration.days(7))
        >>> gate.grant_write(producer)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        retention: DurationInHours = _DAY,
        media_type: str = "video/h264",
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        if not retention.is_unresolved():
            RETENTION.check("retention", retention.to_hours(integral=False))
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        stream = kinesisvideo.CfnStream(
            self,
            "Stream",
            data_retention_in_hours=retention.to_hours(),
            media_type=media_type,
            kms_key_id=self.key.key_arn,
        )
        guard_removal(stream, removal_policy, encryption_key=self.key)
        self.stream_name: str = stream.ref
        self.stream_arn: str = stream.attr_arn

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow sending video and encrypting it; not watching."""
        return allow(grantee, *send_video(self.stream_arn, self.key))

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow watching video and decrypting it."""
        return allow(grantee, *watch_video(self.stream_arn, self.key))
