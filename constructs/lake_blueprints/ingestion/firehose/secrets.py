"""Credentials of destinations, which Firehose takes from Secrets Manager and a template never holds."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_secretsmanager as secretsmanager


def secret_configuration(
    secret: secretsmanager.ISecret, role: iam.IRole
) -> firehose.CfnDeliveryStream.SecretsManagerConfigurationProperty:
    """Return where Firehose finds the credentials of a destination, and the role by which it reads them.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/dev/secrets-manager-whats-secret.html
    """
    return firehose.CfnDeliveryStream.SecretsManagerConfigurationProperty(
        enabled=True, secret_arn=secret.secret_arn, role_arn=role.role_arn
    )
