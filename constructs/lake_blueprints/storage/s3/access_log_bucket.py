"""The bucket that S3 writes its server access logs to."""

from __future__ import annotations

from typing import Any, cast

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lake_blueprints.foundation.access import admit
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInDays
from lake_blueprints.storage.s3.acknowledgments import acknowledge_retention
from lake_blueprints.storage.s3.lifecycle import check_days
from lake_blueprints.storage.s3.permissions import access_logs


@checked
class AccessLogBucket(Construct):
    """Define a bucket for the server access logs of other buckets.

    It is encrypted by S3's own key: log delivery cannot write to a bucket under a KMS key, and fails without a
    word (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html).

    Parameters
    ----------
    expire_after: Duration
        Age at which logs are deleted, at least 1 day. By default 365 days.
    removal_policy: RemovalPolicy
        What happens to the logs when the bucket leaves the stack, subject to the removal guard. By default they
        are retained.

    Defines
    -------
    One bucket, as `bucket`, with a policy that lets S3 write logs of this account's buckets.

    Example
    -------
        >>> logs = AccessLogBucket(self, "AccessLogs")
        >>> raw = Zone(self, "Raw", access_logs=logs)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        expire_after: DurationInDays | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        check_days(expire_after=expire_after)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=expire_after or Duration.days(365),
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
        )
        guard_removal(self.bucket, removal_policy)
        acknowledge_retention(self.bucket)
        resource = cast(s3.CfnBucket, self.bucket.node.default_child)
        # The L2's own switch defines a custom resource.
        events: Any = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
        resource.add_property_override("NotificationConfiguration", events)
        admit(self.bucket, "ServerAccessLogs", "logging.s3.amazonaws.com", access_logs(self.bucket))
        never_end = "the log bucket itself: logging it would never end"
        # checkov reads templates alone.
        resource.add_metadata("checkov", {"skip": [{"id": "CKV_AWS_18", "comment": never_end}]})
        Validations.of(self.bucket).acknowledge(
            *(Acknowledgment(id=finding, reason=never_end) for finding in ("AwsSolutions-S1", "CT.S3.PR.2")),
            *(
                Acknowledgment(id=finding, reason="S3 delivers access logs to SSE-S3 alone")
                for finding in (
                    *(f"{pack}-S3DefaultEncryptionKMS" for pack in ("HIPAA.Security", "NIST.800.53.R5", "PCI.DSS.321")),
                    "CT.S3.PR.10",
                )
            ),
        )
