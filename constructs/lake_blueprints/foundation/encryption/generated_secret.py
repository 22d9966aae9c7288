"""Secrets that Secrets Manager generates."""

from __future__ import annotations

from aws_cdk import Acknowledgment, RemovalPolicy, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from lake_blueprints.foundation.removal import guard_removal


def define_generated_secret(
    scope: Construct,
    *,
    description: str,
    generate: secretsmanager.CfnSecret.GenerateSecretStringProperty,
    encryption_key: kms.IKey,
    removal_policy: RemovalPolicy,
    not_rotated_because: str,
) -> secretsmanager.CfnSecret:
    """Define a secret under a key.

    It is not the L2, which adds statements to the policy of a key that may be the app's.
    """
    secret = secretsmanager.CfnSecret(
        scope, "Secret", description=description, kms_key_id=encryption_key.key_arn, generate_secret_string=generate
    )
    guard_removal(secret, removal_policy, encryption_key=encryption_key)
    Validations.of(secret).acknowledge(Acknowledgment(id="AwsSolutions-SMG4", reason=not_rotated_because))
    return secret
