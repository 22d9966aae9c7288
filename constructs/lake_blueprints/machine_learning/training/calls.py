"""Calls of SageMaker under a training job's role, and of those that run a job and register its model."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access.declared import Call, Declared, calls_on_logs
from lake_blueprints.machine_learning.training.training_job import TrainingJob
from lake_blueprints.storage.s3 import calls as objects

_ROLE = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms"
_VPC = "https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html"
_SPOT = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html"
_RUN = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html"
_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_REGISTER = (
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerModelRegistryFullAccess.html"
)
_NAMESPACE = "/aws/sagemaker/TrainingJobs"


def training_job_calls(job: TrainingJob) -> Declared:
    """Return what a training job does, from pulling its image to writing its model."""
    script = (job.script.bucket.arn_for_objects(job.script.s3_object_key),)
    bucket, told = (job.script.bucket.bucket_arn,), ({"s3:prefix": job.script.s3_object_key},)
    loads = "loads the script"
    return Declared(
        name="Training job",
        principal=job.role,
        assumed_by=("sagemaker.amazonaws.com",),
        required=(
            Call(actions=("s3:GetObject",), resources=script, because=loads, source=_ROLE),
            Call(actions=("s3:ListBucket",), resources=bucket, contexts=told, because=loads, source=_ROLE),
            *(
                call
                for zone, prefix in (channel.source for channel in job.channels.values())
                for call in objects.reading(zone, prefix, "copies the channels' objects")
            ),
            *objects.uploading(job.output, job.output_prefix, "writes the model"),
            *_checkpoints(job),
            *_volumes(job),
            *_network(job),
            Call(actions=("ecr:GetAuthorizationToken",), because="pulls the image", source=_ROLE),
            Call(
                actions=("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"),
                resources=(job.image.repository_arn,),
                because="pulls the image",
                source=_ROLE,
            ),
            *_reports(job),
        ),
        refused=(
            *objects.beside(job.output, job.output_prefix),
            objects.kept(job.output, job.output_prefix),
            *(
                objects.unchanged(zone, prefix)
                for zone, prefix in (channel.source for channel in job.channels.values())
            ),
            *objects.ruling(job.output),
            _metric("Elsewhere", "metrics of others"),
        ),
    )


def run_training(job: TrainingJob, because: str) -> tuple[Call, ...]:
    """Run a job from a state machine that waits for its end."""
    stack = Stack.of(job)
    rule = stack.format_arn(
        service="events", resource="rule", resource_name="StepFunctionsGetEventsForSageMakerTrainingJobsRule"
    )
    actions = ("CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob", "AddTags", "ListTags")
    return (
        Call(
            actions=tuple(f"sagemaker:{action}" for action in actions),
            resources=(_training_job(job),),
            because=because,
            source=_RUN,
        ),
        _pass_role(job, "sagemaker.amazonaws.com", because),
        Call(
            actions=("events:PutTargets", "events:PutRule", "events:DescribeRule"),
            resources=(rule,),
            because="hears of the job's end",
            source=_RUN,
        ),
    )


def run_training_calls(job: TrainingJob, user: iam.IRole) -> Declared:
    """Return the calls of a principal that runs a job."""
    return Declared(
        name="Runner of a training job",
        principal=user,
        required=run_training(job, "runs the training job"),
        refused=not_run(job),
    )


def not_run(job: TrainingJob) -> tuple[Call, ...]:
    """What nobody may do who runs this job."""
    other = Stack.of(job).format_arn(service="sagemaker", resource="training-job", resource_name="another-job")
    actions = ("sagemaker:CreateTrainingJob", "sagemaker:StopTrainingJob")
    return (
        Call(actions=actions, resources=(other,), because="jobs of others", source=_RUN),
        _pass_role(job, "ec2.amazonaws.com", "lending the role to other services"),
    )


def register_model(job: TrainingJob, because: str) -> tuple[Call, ...]:
    """Register a model as a package of the job's group."""
    stack = Stack.of(job)
    package = stack.format_arn(
        service="sagemaker", resource="model-package", resource_name=f"{job.model_package_group_name}/1"
    )
    return (
        Call(actions=("sagemaker:CreateModelPackage",), resources=(package,), because=because, source=_REGISTER),
        Call(
            actions=("ecr:BatchGetImage", "ecr:DescribeImages"),
            resources=(job.image.repository_arn,),
            because="looks at the image",
            source=_REGISTER,
        ),
        *objects.getting(job.output, job.output_prefix, "looks at the model"),
    )


def register_model_calls(job: TrainingJob, user: iam.IRole) -> Declared:
    """Return the calls of a principal that registers models."""
    return Declared(
        name="Registrar of models",
        principal=user,
        required=register_model(job, "registers the model"),
        refused=not_registered(job),
    )


def not_registered(job: TrainingJob) -> tuple[Call, ...]:
    """What nobody may do who registers models of this job."""
    stack = Stack.of(job)
    package = stack.format_arn(
        service="sagemaker", resource="model-package", resource_name=f"{job.model_package_group_name}/1"
    )
    actions = ("sagemaker:UpdateModelPackage", "sagemaker:DeleteModelPackage")
    return (
        Call(actions=actions, resources=(package,), because="approving or deleting models", source=_REGISTER),
        objects.unchanged(job.output, job.output_prefix),
        *objects.beside(job.output, job.output_prefix)[:1],
    )


def _checkpoints(job: TrainingJob) -> tuple[Call, ...]:
    if not job.compute.spot:
        return ()
    prefix, because = f"{job.output_prefix}checkpoints/", "goes on from a checkpoint"
    return objects.reading(job.output, prefix, because)


def _volumes(job: TrainingJob) -> tuple[Call, ...]:
    if not job.compute.encrypt_volume:
        return ()
    key, because = (job.key.key_arn,), "encrypts volumes"
    use = ("kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey")
    for_ec2 = {"kms:GrantIsForAWSResource": "true"}
    return (
        Call(actions=use, resources=key, because=because, source=_ROLE),
        Call(actions=("kms:CreateGrant",), resources=key, contexts=(for_ec2,), because=because, source=_ROLE),
    )


def _network(job: TrainingJob) -> tuple[Call, ...]:
    if not job.network:
        return ()
    stack = Stack.of(job)
    describe = ("NetworkInterfaces", "Vpcs", "DhcpOptions", "Subnets", "SecurityGroups")
    interface = stack.format_arn(service="ec2", resource="network-interface", resource_name="eni-1")
    subnet = stack.format_arn(service="ec2", resource="subnet", resource_name="subnet-1")
    because = "joins the network"
    permit = ("ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface")
    return (
        Call(actions=tuple(f"ec2:Describe{what}" for what in describe), because=because, source=_VPC),
        Call(actions=("ec2:CreateNetworkInterface",), resources=(interface, subnet), because=because, source=_VPC),
        Call(actions=permit, resources=(interface,), because=because, source=_VPC),
        Call(actions=("ec2:DeleteNetworkInterfacePermission",), because=because, source=_VPC),
    )


def _reports(job: TrainingJob) -> tuple[Call, ...]:
    group = Stack.of(job).format_arn(
        service="logs", resource="log-group", resource_name=_NAMESPACE, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    return (
        *calls_on_logs((group,), ("logs:CreateLogGroup", "logs:DescribeLogStreams"), "writes logs", _ROLE),
        _metric(_NAMESPACE, "writes metrics"),
    )


def _metric(namespace: str, because: str) -> Call:
    told = ({"cloudwatch:namespace": namespace},)
    return Call(actions=("cloudwatch:PutMetricData",), contexts=told, because=because, source=_ROLE)


def _pass_role(job: TrainingJob, service: str, because: str) -> Call:
    told = ({"iam:PassedToService": service},)
    return Call(actions=("iam:PassRole",), resources=(job.role.role_arn,), contexts=told, because=because, source=_PASS)


def _training_job(job: TrainingJob) -> str:
    return Stack.of(job).format_arn(
        service="sagemaker", resource="training-job", resource_name=job.job_names.replace("*", "5d41402abc4b2a76")
    )
