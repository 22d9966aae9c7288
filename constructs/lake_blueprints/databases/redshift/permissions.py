"""Permissions of those who run SQL by the Redshift Data API, set usage limits, pause clusters and train models.

Above 200 lines: Redshift ML alone needs half of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.foundation.access.permissions import pass_role, with_secret_key
from lake_blueprints.storage.s3 import LakeBucket
from lake_blueprints.storage.s3 import permissions as objects

ADMIN = "admin"
_DATA_API = "https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html"
_SCHEDULER = "https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-iam-access-control-identity-based.html"
_LIMITS = "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateUsageLimit.html"
SPECTRUM = "https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-iam-policies.html"
_MODELS = "https://docs.aws.amazon.com/redshift/latest/dg/admin-setup.html"
_ALL_COMMANDS = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRedshiftAllCommandsFullAccess.html"
)
_TRAINING = {
    "automl-job": ("CreateAutoMLJob", "DescribeAutoMLJob", "StopAutoMLJob"),
    "training-job": ("CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob"),
    "processing-job": ("CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob"),
    "transform-job": ("DescribeTransformJob",),
    "compilation-job": ("CreateCompilationJob", "DescribeCompilationJob", "StopCompilationJob"),
    "model": ("CreateModel",),
}
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ec2:ModifyNetworkInterfaceAttribute",
)

RUN = ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement")
FOLLOW = (
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:CancelStatement",
)


def admin_secret_name(namespace: str) -> str:
    """Return the name of the secret that Redshift manages for a namespace's admin."""
    return f"redshift!{namespace}-{ADMIN}"


def admin_secret_arn(scope: Construct, namespace: str) -> str:
    """Return the ARN of that secret, without the hyphen and six characters in which Secrets Manager ends it."""
    return Stack.of(scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=admin_secret_name(namespace),
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


@dataclass(frozen=True, kw_only=True)
class AdminSecret:
    """The secret of an admin.

    Parameters
    ----------
    arn: str
        As a policy names it.
    example: str
        The same without wildcards, as the condition of a key has it.
    wildcard: str, optional
        Why there are some. By default there are none.
    """

    arn: str
    example: str
    wildcard: str | None = None


def run_statements(
    *,
    warehouse_arn: str,
    secret: AdminSecret,
    encryption_key: kms.IKey,
    run: tuple[str, ...] = RUN,
    follow: tuple[str, ...] = FOLLOW,
) -> tuple[Permission, ...]:
    """Run and follow SQL as the admin of a workgroup or cluster."""
    sign_in = "signs in as the admin"
    return (
        Permission(actions=run, on=(warehouse_arn,), because="runs statements", sources=(_DATA_API,)),
        Permission(
            actions=follow,
            because="runs statements, and follows them",
            sources=(_DATA_API,),
            wildcard="statements have no ARN; each belongs to the role that ran it",
        ),
        Permission(
            actions=("secretsmanager:GetSecretValue",),
            on=(secret.arn,),
            because=sign_in,
            sources=(_DATA_API,),
            wildcard=secret.wildcard,
        ),
        with_secret_key(encryption_key, arn_of(encryption_key), secret.example, sign_in),
    )


def admin_secret(scope: Construct, namespace: str) -> AdminSecret:
    """Return how policies name that secret."""
    arn = admin_secret_arn(scope, namespace)
    return AdminSecret(
        arn=f"{arn}-??????",
        example=f"{arn}-AbCdEf",
        wildcard="Secrets Manager ends an ARN in six characters of its own",
    )


def pause_and_resume(cluster_arn: str) -> Permission:
    """Pause and resume a cluster."""
    return Permission(
        actions=("redshift:PauseCluster", "redshift:ResumeCluster"),
        on=(cluster_arn,),
        because="pauses and resumes the cluster",
        sources=(_SCHEDULER,),
    )


def set_usage_limits() -> Permission:
    """List, create and change usage limits."""
    actions = ("ListUsageLimits", "CreateUsageLimit", "UpdateUsageLimit")
    return Permission(
        actions=tuple(f"redshift-serverless:{action}" for action in actions),
        because="sets usage limits",
        sources=(_LIMITS,),
        wildcard="usage limits have no ARN that a policy could name",
    )


def train_models(scope: Construct, storage: LakeBucket, *, role: str, routed: bool) -> Iterator[Permission]:
    """Train models by SageMaker Autopilot on what Redshift exports into a bucket, under one role of both services.

    AWS's policy allows `sagemaker:*Job*`; these are the actions of its managed policy for the same statement, without
    those of endpoints, on jobs that have `redshift` in their names.
    """
    stack, because, key = Stack.of(scope), "trains the model", arn_of(storage.key)
    for kind, actions in _TRAINING.items():
        yield Permission(
            actions=tuple(f"sagemaker:{action}" for action in actions),
            on=(stack.format_arn(service="sagemaker", resource=kind, resource_name="*redshift*"),),
            because=because,
            sources=(_MODELS, _ALL_COMMANDS),
            wildcard="Redshift and Autopilot name what they make",
        )
    yield Permission(
        actions=("sagemaker:ListCandidatesForAutoMLJob",),
        because=because,
        sources=(_ALL_COMMANDS,),
        wildcard="IAM checks no resource for it",
    )
    passed = pass_role(role, "sagemaker.amazonaws.com", "hands itself to SageMaker")
    yield replace(passed, sources=(_MODELS, *passed.sources), wildcard="the path is this role's own")
    data = "keeps training data and the model"
    files = (*objects.GET, *objects.UPLOAD, *objects.DELETE)
    named = objects.on_objects(storage, files, [""], data, wildcard="Redshift and SageMaker name what they write")
    yield named.used_for(data, _MODELS)
    yield objects.on_bucket(storage.bucket, (*objects.LOCATE, *objects.LIST), data, _MODELS)
    yield Permission(
        actions=("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"),
        on=(key,),
        because=data,
        sources=(_MODELS,),
        policy_of=storage.key,
        by_service=True,
    )
    yield Permission(
        actions=("kms:CreateGrant",),
        on=(key,),
        because="encrypts volumes",
        sources=(_MODELS,),
        conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        policy_of=storage.key,
    )
    yield from _report_training(stack)
    if routed:
        yield Permission(
            actions=_INTERFACES,
            because="compiles the model in the network",
            sources=(_MODELS,),
            wildcard="network interfaces have no ARN before Redshift creates them",
            by_service=True,
        )


def _report_training(stack: Stack) -> Iterator[Permission]:
    """Pull SageMaker's images, and write the logs and metrics of jobs, which SageMaker does in its own network."""
    groups = ("ProcessingJobs", "TrainingJobs", "TransformJobs")
    yield Permission(
        actions=("ecr:GetAuthorizationToken",),
        because="pulls images",
        sources=(_MODELS,),
        wildcard="an authorization token is no resource",
        by_service=True,
    )
    yield Permission(
        actions=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        on=(stack.format_arn(service="ecr", account="*", resource="repository", resource_name="*"),),
        because="pulls images",
        sources=(_MODELS,),
        wildcard="images of SageMaker, from accounts of AWS that Autopilot chooses",
        by_service=True,
    )
    yield Permission(
        actions=("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
        on=tuple(
            stack.format_arn(
                service="logs",
                resource="log-group",
                resource_name=f"/aws/sagemaker/{group}:log-stream:*",
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for group in groups
        ),
        because="writes logs",
        sources=(_MODELS, _ALL_COMMANDS),
        wildcard="SageMaker names a stream after its job and instance",
        by_service=True,
    )
    yield Permission(
        actions=("cloudwatch:PutMetricData",),
        because="writes metrics",
        sources=(_MODELS, _ALL_COMMANDS),
        conditions={
            "StringEquals": {"cloudwatch:namespace": ["SageMaker", *(f"/aws/sagemaker/{group}" for group in groups)]}
        },
        wildcard="metrics are no resources",
        by_service=True,
    )
