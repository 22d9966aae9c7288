"""Glue security configurations for crawlers and jobs."""

from __future__ import annotations

import hashlib
import json

from aws_cdk import Names, RemovalPolicy, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.removal import guard_removal


@checked
class GlueSecurityConfiguration(Construct):
    """Define a Glue security configuration that encrypts objects, logs and job bookmarks with one key.

    Glue cannot update a security configuration, and CloudFormation cannot replace one whose name stays the same.
    The name therefore ends in a hash of the content: another content is another resource.

    Parameters
    ----------
    encryption_key: kms.IKey
        The key; its policy must let CloudWatch Logs use it, as `LakeKey` does by default.

    Defines
    -------
    One security configuration, named `name`.

    Notes
    -----
    https://docs.aws.amazon.com/glue/latest/dg/encryption-security-configuration.html

    Example
    -------
        >>> security = GlueSecurityConfiguration(self, "Security", encryption_key=key)
    """

    def __init__(self, scope: Construct, construct_id: str, *, encryption_key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.key = encryption_key
        key_arn = encryption_key.key_arn
        configuration = glue.CfnSecurityConfiguration.EncryptionConfigurationProperty(
            s3_encryptions=[
                glue.CfnSecurityConfiguration.S3EncryptionProperty(s3_encryption_mode="SSE-KMS", kms_key_arn=key_arn)
            ],
            cloud_watch_encryption=glue.CfnSecurityConfiguration.CloudWatchEncryptionProperty(
                cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=key_arn
            ),
            job_bookmarks_encryption=glue.CfnSecurityConfiguration.JobBookmarksEncryptionProperty(
                job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key_arn
            ),
        )
        content = json.dumps(Stack.of(self).resolve(configuration), sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:8]
        self.name = f"{Names.unique_resource_name(self, max_length=200, separator='-')}-{digest}"
        glue.CfnSecurityConfiguration(self, "Configuration", name=self.name, encryption_configuration=configuration)

    def define_log_group(
        self,
        scope: Construct,
        construct_id: str,
        *,
        log_group_name: str,
        retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> logs.LogGroup:
        """Define a group that Glue logs to under this configuration, as Glue would, but with a retention."""
        group = logs.LogGroup(
            scope, construct_id, log_group_name=log_group_name, encryption_key=self.key, retention=retention
        )
        guard_removal(group, removal_policy, encryption_key=self.key)
        return group
