"""The Lambda functions that read a stream: their role, their log and their code."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Annotations, Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.removal import guard_removal


def define_function(
    scope: Construct,
    *,
    code: s3_assets.Asset,
    handler: str,
    description: str,
    environment: Mapping[str, str],
    memory: int,
    timeout: Duration,
    key: kms.IKey,
    log_retention: logs.RetentionDays,
    removal_policy: RemovalPolicy,
) -> tuple[lambda_.Function, ServiceRole, logs.LogGroup]:
    """Define a function with a role and a log of its own, and return the three."""
    log_group = logs.LogGroup(scope, "Log", encryption_key=key, retention=log_retention)
    guard_removal(log_group, removal_policy, encryption_key=key)
    # No page says that Lambda sends the account; a role is passed within its account alone.
    role = ServiceRole(scope, "Role", services=["lambda.amazonaws.com"], description=description, source_account=False)
    Annotations.of(code.bucket).acknowledge_warning(
        "@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified", "the key has the hash of the code"
    )
    function = lambda_.Function(
        scope,
        "Function",
        description=description,
        code=lambda_.Code.from_bucket(code.bucket, code.s3_object_key),
        handler=handler,
        runtime=lambda_.Runtime.PYTHON_3_14,
        # A fifth cheaper than x86 for the same time.
        architecture=lambda_.Architecture.ARM_64,
        memory_size=memory,
        timeout=timeout,
        environment=dict(environment),
        role=role,
        log_group=log_group,
    )
    definition = function.node.default_child
    assert isinstance(definition, lambda_.CfnFunction)
    # What it depends on, it names.
    definition.add_deletion_override("DependsOn")
    return function, role, log_group
