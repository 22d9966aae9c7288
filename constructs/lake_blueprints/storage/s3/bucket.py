"""A bucket as every part of a lake wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.encryption.lake_key import LakeKey
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.foundation.units import DurationInDays
from lake_blueprints.storage.s3.access_log_bucket import AccessLogBucket
from lake_blueprints.storage.s3.acknowledgments import acknowledge_retention
from lake_blueprints.storage.s3.analysis import storage_class_analyses
from lake_blueprints.storage.s3.lifecycle import LifecycleRule, check_days


@checked
class LakeBucket(Construct):
    """Define a private, versioned, TLS-only bucket under a customer-managed key, with logs and lifecycle.

    Parameters
    ----------
    encryption_key: kms.IKey, optional
        Key for the objects. By default a new `LakeKey` is defined.
    access_logs: AccessLogBucket, optional
        Where S3 logs each request. By default a new one is defined.
    lifecycle: sequence of LifecycleRule
        What happens to objects as they age. By default they stay as they are, forever.
    noncurrent_expire_after: Duration
        Time after which an overwritten or deleted version is gone for good, at least 1 day. By default 30 days.
    abort_uploads_after: Duration
        Time after which the parts of an unfinished upload are deleted, at least 1 day. By default 7 days.
    analyzed_prefixes: sequence of str
        Starts of keys whose use S3 observes, to advise after 30 days when objects could be stored at less cost, each
        an analysis of its own; an empty one means all objects. By default none, since S3 charges by the object.
    removal_policy: RemovalPolicy
        What happens to the data when the bucket leaves the stack, subject to the removal guard. By default it
        is retained.

    Defines
    -------
    One bucket, as `bucket`; a key, as `key`, and an access log bucket, as `access_logs`, unless they are given.

    Example
    -------
        >>> results = LakeBucket(self, "Results", lifecycle=[LifecycleRule(expire_after=Duration.days(30))])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        encryption_key: kms.IKey | None = None,
        access_logs: AccessLogBucket | None = None,
        lifecycle: Sequence[LifecycleRule] = (),
        noncurrent_expire_after: DurationInDays | None = None,
        abort_uploads_after: DurationInDays | None = None,
        analyzed_prefixes: Sequence[str] = (),
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        check_days(noncurrent_expire_after=noncurrent_expire_after, abort_uploads_after=abort_uploads_after)
        self.key: kms.IKey = encryption_key or LakeKey(self, "Key", removal_policy=removal_policy).key
        self.access_logs = access_logs or AccessLogBucket(self, "AccessLogs", removal_policy=removal_policy)
        noncurrent = noncurrent_expire_after or Duration.days(30)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=noncurrent,
                    abort_incomplete_multipart_upload_after=abort_uploads_after or Duration.days(7),
                    expired_object_delete_marker=True,
                ),
                *(rule.render(noncurrent) for rule in lifecycle),
            ],
        )
        guard_removal(self.bucket, removal_policy, encryption_key=self.key)
        acknowledge_retention(self.bucket)
        resource = cast(s3.CfnBucket, self.bucket.node.default_child)
        # The L2's own switches for these depend on feature flags and, for EventBridge, define a custom resource.
        resource.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=self.access_logs.bucket.bucket_name,
            log_file_prefix=f"{self.node.path}/".lower(),
        )
        if analyzed_prefixes:
            resource.analytics_configurations = storage_class_analyses(analyzed_prefixes)
        notifications: Any = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
        resource.add_property_override("NotificationConfiguration", notifications)

    def uri(self, prefix: str = "") -> str:
        """Return the `s3://` URI of a prefix."""
        return f"s3://{self.bucket.bucket_name}/{prefix}"
