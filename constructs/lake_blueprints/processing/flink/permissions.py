"""Permissions of an application, of those who start and stop it, and of the service that encrypts its state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.foundation.access import Permission, admit, arn_of
from lake_blueprints.foundation.access.permissions import Conditions
from lake_blueprints.foundation.network import permissions as network

_FLINK = "https://docs.aws.amazon.com/managed-flink/latest/java"
_CODE = f"{_FLINK}/security_iam_service-with-iam.html"
_LOGS = f"{_FLINK}/cloudwatch-logs.html"
_VPC = f"{_FLINK}/vpc-permissions.html"
_KEY = f"{_FLINK}/manage-cmk-api.html"
_IAM = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisanalyticsv2.html"
_SDK = "https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"
_CONTEXT = "kms:EncryptionContext:aws:kinesisanalytics:arn"
_SERVICE, _INFRASTRUCTURE = "kinesisanalytics.amazonaws.com", "infrastructure.kinesisanalytics.amazonaws.com"
# The grant by which the storage of running applications decrypts.
_GRANT = {"kms:GrantConstraintType": "EncryptionContextSubset"}
_GRANTED = {"ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"}, "Null": {"kms:GrantOperations": "false"}}


def load_code(asset: s3_assets.Asset) -> Permission:
    """Read the code."""
    return Permission(
        actions=("s3:GetObject", "s3:GetObjectVersion"),
        on=(f"{arn_of(asset.bucket)}/{asset.s3_object_key}",),
        because="loads the code",
        sources=(_CODE,),
        by_service=True,
    )


def write_log(group_arn: str, stream_arn: str) -> Iterator[Permission]:
    """Find the log stream, and write to it."""
    because = "writes the log"
    yield Permission(
        actions=("logs:DescribeLogGroups",),
        because=because,
        sources=(_LOGS,),
        by_service=True,
        wildcard="IAM knows no resource for what lists log groups",
    )
    yield Permission(
        actions=("logs:DescribeLogStreams",),
        on=(group_arn,),
        because=because,
        sources=(_LOGS,),
        by_service=True,
        wildcard="the ARN of a log group ends in a wildcard",
    )
    yield Permission(
        actions=("logs:PutLogEvents",), on=(stream_arn,), because=because, sources=(_LOGS,), by_service=True
    )


def attach(scope: Construct, *, subnets: Sequence[str], security_group: str) -> Iterator[Permission]:
    """Put the application into a network."""
    return network.attach(
        scope,
        subnets=subnets,
        security_group=security_group,
        manages=["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"],
        describes=[
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ],
        source=_VPC,
    )


def start(application_arn: str) -> Permission:
    """Start the application, and see how that went."""
    return Permission(
        actions=(
            "kinesisanalytics:StartApplication",
            "kinesisanalytics:DescribeApplication",
            "kinesisanalytics:DescribeApplicationOperation",
        ),
        on=(application_arn,),
        because="starts the application",
        sources=(_SDK, _IAM),
    )


def stop(application_arn: str) -> Permission:
    """Stop the application, and see how that went."""
    return Permission(
        actions=("kinesisanalytics:StopApplication", "kinesisanalytics:DescribeApplication"),
        on=(application_arn,),
        because="stops the application",
        sources=(_SDK, _IAM),
    )


def operate_with_key(key: kms.IKey, application_arn: str) -> Iterator[Permission]:
    """Use the key by way of the service, as it asks of those who start and stop an application under one."""
    because, via = "starts and stops what the key encrypts", f"kinesisanalytics.{Aws.REGION}.amazonaws.com"
    of_application = {"kms:ViaService": via, _CONTEXT: application_arn}
    yield Permission(
        actions=("kms:DescribeKey",),
        on=(arn_of(key),),
        because=because,
        sources=(_KEY,),
        conditions={"StringEquals": {"kms:ViaService": via}},
        policy_of=key,
    )
    yield Permission(
        actions=("kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
        on=(arn_of(key),),
        because=because,
        sources=(_KEY,),
        conditions={"StringEquals": of_application},
        policy_of=key,
    )
    yield Permission(
        actions=("kms:CreateGrant",),
        on=(arn_of(key),),
        because=because,
        sources=(_KEY,),
        conditions={"StringEquals": {**of_application, **_GRANT}, **_GRANTED},
        policy_of=key,
        contexts=({"kms:GrantIsForAWSResource": "true"},),
    )


def admit_applications(key: kms.IKey) -> None:
    """Let the service encrypt the state of this account's applications by the policy of a key.

    It refuses a key that does not name both principals. The statements name no application, whose definition has the
    key in it. One that is there already is not repeated.
    """
    applications = Stack.of(key).format_arn(service="kinesisanalytics", resource="application", resource_name="*")
    ours = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    asked, encrypted = {"aws:SourceArn": applications}, {_CONTEXT: applications}
    for sid, service, actions, conditions in (
        ("FlinkDescribe", _SERVICE, ("kms:DescribeKey",), {**ours, "ArnLike": asked}),
        ("FlinkDescribeRunning", _INFRASTRUCTURE, ("kms:DescribeKey",), {**ours, "ArnLike": asked}),
        ("FlinkSnapshots", _SERVICE, ("kms:GenerateDataKey",), {**ours, "ArnLike": {**asked, **encrypted}}),
        ("FlinkRestores", _SERVICE, ("kms:Decrypt",), {"ArnLike": encrypted}),
        (
            "FlinkRunning",
            _INFRASTRUCTURE,
            ("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"),
            {"ArnLike": encrypted},
        ),
        (
            "FlinkGrants",
            _INFRASTRUCTURE,
            ("kms:CreateGrant",),
            {"StringEquals": _GRANT, "ArnLike": encrypted, **_GRANTED},
        ),
    ):
        admit(key, sid, service, _encrypt(key, actions, conditions))


def _encrypt(key: kms.IKey, actions: tuple[str, ...], conditions: Conditions) -> Permission:
    return Permission(
        actions=actions,
        on=(arn_of(key),),
        because="encrypts the state of applications",
        sources=(_KEY,),
        conditions=conditions,
        contexts=({"aws:PrincipalIsAWSService": "true"},),
    )
