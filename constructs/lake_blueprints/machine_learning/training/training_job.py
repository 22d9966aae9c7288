"""A training job: all that SageMaker needs to run it again and again.

Above 200 lines: half of it is the signature and documentation of one construct.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import Aws, Names, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from lake_blueprints.contracts.evolution import Consumer
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.network.working import work_in
from lake_blueprints.foundation.removal import guard_removal
from lake_blueprints.machine_learning.training import permissions
from lake_blueprints.machine_learning.training.compute import Compute, TrainingNetwork
from lake_blueprints.machine_learning.training.images import TrainingImage
from lake_blueprints.machine_learning.training.input_channel import InputChannel, render_channel
from lake_blueprints.machine_learning.training.metrics import SHIPPED_METRICS, MetricDefinition
from lake_blueprints.machine_learning.training.regions import check_region
from lake_blueprints.machine_learning.training.source import SHIPPED_SCRIPT, script_asset
from lake_blueprints.storage.s3 import Zone

Hyperparameter = str | int | float | bool

_CODE_CHANNEL = "code"
# A job's name has at most 63 characters, of which a hyphen and an MD5 take 33.
_LONGEST_PREFIX = 30
_LONGEST_GROUP = 63
_SERVED_TYPES = ["text/csv", "application/json", "application/jsonlines"]


@checked
class TrainingJob(Construct):
    """Define what a SageMaker training job consists of, and render the calls that run it and register its model.

    CloudFormation has no resource for a training job: a state machine starts one, for instance the steps `Train`
    and `Register` of an orchestration pipeline.

    Parameters
    ----------
    channels: mapping of str to InputChannel
        What the job reads, by the name of the channel; 1 to 19. The shipped script takes one, of Parquet files.
    output: Zone
        Where models are written.
    output_prefix: str
        Start of their keys, ending in a slash. By default `models/`.
    hyperparameters: mapping
        Options of the script. The shipped one needs `target`, `features` (separated by commas) and `time_column`,
        and takes those of scikit-learn's HistGradientBoostingRegressor.
    script: Path, optional
        A script of one's own for the image. By default the shipped one.
    metrics: sequence of MetricDefinition
        What SageMaker reads from the script's output, at most 40. By default what the shipped script prints.
    image: TrainingImage, optional
        Container image. By default AWS's scikit-learn image of the stack's Region.
    compute: Compute
        Instances, volume, time limit and spot. By default one ml.m5.xlarge for at most an hour.
    network: TrainingNetwork, optional
        Subnets and security groups. By default the job runs outside any VPC of yours.
    network_isolation: bool
        Whether the script has no network at all. By default it has none.
    encryption_key: kms.IKey, optional
        Key of the volumes. By default the output zone's.
    removal_policy: RemovalPolicy
        What happens to the model package group when it leaves the stack, subject to the removal guard. By default
        it is retained; SageMaker does not delete a group that has packages.

    Defines
    -------
    A role, as `role`; a model package group, named `model_package_group_name`; the script as an asset.

    Raises
    ------
    ValueError
        If the number of channels or metrics is out of range, a name is reserved, the script does not exist, or
        CloudFormation has no model package groups in the stack's Region.

    Notes
    -----
    The script reaches the container as the channel `code`: in network isolation nothing else would
    (https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html).

    Example
    -------
        >>> TrainingJob(
        ...     self,
        ...     "ArrivalDelay",
        ...     channels={"train": InputChannel(table=flights)},
        ...     output=analytics,
        ...     hyperparameters={"target": "arr_delay", "features": "carrier,hour", "time_column": "time_hour"},
        ... )
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        channels: Mapping[str, InputChannel],
        output: Zone,
        output_prefix: str = "models/",
        hyperparameters: Mapping[str, Hyperparameter] | None = None,
        script: Path | None = None,
        metrics: Sequence[MetricDefinition] = SHIPPED_METRICS,
        image: TrainingImage | None = None,
        compute: Compute | None = None,
        network: TrainingNetwork | None = None,
        network_isolation: bool = True,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        check_region(Stack.of(self).region)
        if not 1 <= len(channels) <= 19 or _CODE_CHANNEL in channels:
            raise ValueError(
                f"'channels' must be 1 to 19, none of them '{_CODE_CHANNEL}', which carries the script; "
                f"got {', '.join(channels) or 'none'}"
            )
        if len(metrics) > 40:
            raise ValueError(f"'metrics' must be at most 40, got {len(metrics)}")
        if not output_prefix.endswith("/"):
            raise ValueError(f"'output_prefix' must end in '/', got '{output_prefix}'")
        self.output = output
        self.output_prefix = output_prefix
        self.compute = compute or Compute()
        self.image = image or TrainingImage.scikit_learn(self)
        self.channels = dict(channels)
        self._metrics = tuple(metrics)
        self.network = network
        self._network_isolation = network_isolation
        self.key = encryption_key or output.key
        self._script_name = (script or SHIPPED_SCRIPT).name
        self._hyperparameters = {name: _text(value) for name, value in (hyperparameters or {}).items()}
        self._name_prefix = Names.unique_resource_name(self, max_length=_LONGEST_PREFIX, separator="-").strip("-")

        self.role = ServiceRole(
            self, "Role", services=["sagemaker.amazonaws.com"], description=f"Trains {self.node.id}"
        )
        self.script = script_asset(self, "Script", script or SHIPPED_SCRIPT)
        allow(self.role, *permissions.load_script(self.script))
        allow(self.role, *permissions.write_model(output, output_prefix))
        for channel in self.channels.values():
            zone, prefix = channel.source
            with self.role.used_for("copies the channels' objects"):
                zone.grant_objects(self.role, prefix=prefix, restricted=channel.restricted)
        if self.compute.spot:
            with self.role.used_for("goes on from a checkpoint when spot capacity comes back", permissions.SPOT):
                output.grant_objects(self.role, prefix=f"{output_prefix}checkpoints/")
        if self.compute.encrypt_volume:
            allow(self.role, *permissions.encrypt_volumes(self.key))
        if network:
            allow(self.role, permissions.join_network())
            work_in(network.subnets, self.role)
        allow(self.role, *permissions.pull_image(self.image.repository_arn))
        allow(self.role, *permissions.report(self.role))

        group = sagemaker.CfnModelPackageGroup(
            self,
            "ModelPackageGroup",
            # CloudFormation wants a name.
            model_package_group_name=Names.unique_resource_name(self, max_length=_LONGEST_GROUP, separator="-"),
            model_package_group_description=f"Models of {self.node.path}",
        )
        guard_removal(group, removal_policy)
        self.model_package_group_name = group.model_package_group_name

    @property
    def job_names(self) -> str:
        """The names of all jobs, as a pattern."""
        return f"{self._name_prefix}-*"

    def create_training_job(self) -> dict[str, Any]:
        """Return the parameters of CreateTrainingJob, as a task of a state machine takes them.

        The job is named after the execution and the time at which the task began: an attempt that is repeated
        cannot start a second job, and an execution that is redriven can.
        """
        name = (
            f"States.Format('{self._name_prefix}-{{}}', "
            "States.Hash(States.Format('{} {}', $$.Execution.Id, $$.State.EnteredTime), 'MD5'))"
        )
        compute = self.compute
        resources = {
            "InstanceType": compute.instance_type,
            "InstanceCount": compute.instance_count,
            "VolumeSizeInGB": compute.volume_size_gb,
        }
        parameters: dict[str, Any] = {
            "TrainingJobName.$": name,
            "RoleArn": self.role.role_arn,
            "AlgorithmSpecification": {
                "TrainingImage": self.image.uri,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": metric.name, "Regex": metric.regex} for metric in self._metrics],
            },
            "HyperParameters": self._script_mode() | self._hyperparameters,
            "InputDataConfig": [
                *(channel.render(name) for name, channel in self.channels.items()),
                render_channel(_CODE_CHANNEL, {"S3Uri": self.script.s3_object_url}),
            ],
            "OutputDataConfig": {
                "S3OutputPath": self.output.uri(self.output_prefix),
                "KmsKeyId": self.output.key.key_arn,
            },
            "ResourceConfig": resources | ({"VolumeKmsKeyId": self.key.key_arn} if compute.encrypt_volume else {}),
            "StoppingCondition": compute.stopping_condition(),
            "EnableNetworkIsolation": self._network_isolation,
            "EnableInterContainerTrafficEncryption": compute.instance_count > 1,
        }
        if compute.spot:
            folder = self.output.uri(f"{self.output_prefix}checkpoints/")
            parameters["EnableManagedSpotTraining"] = True
            # A folder for each job: a new one must not go on where an earlier one ended.
            parameters["CheckpointConfig"] = {"S3Uri.$": f"States.Format('{folder}{{}}', {name})"}
        if self.network:
            parameters["VpcConfig"] = self.network.render()
        return parameters

    def create_model_package(self, *, model_data: str, approval_status: str) -> dict[str, Any]:
        """Return the parameters of CreateModelPackage, as a task of a state machine takes them.

        Parameters
        ----------
        model_data: str
            Path in the state machine's data of the trained model's S3 URI.
        approval_status: str
            `PendingManualApproval`, `Approved` or `Rejected`.
        """
        # The shipped script puts itself beside the model, so that the model can be served without the asset.
        code = {"SAGEMAKER_PROGRAM": self._script_name, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
        lineage = {
            key: found for name, channel in self.channels.items() for key, found in channel.lineage(name).items()
        }
        return {
            "ModelPackageGroupName": self.model_package_group_name,
            "ModelApprovalStatus": approval_status,
            "InferenceSpecification": {
                "Containers": [{"Image": self.image.uri, "ModelDataUrl.$": model_data, "Environment": code}],
                "SupportedContentTypes": _SERVED_TYPES,
                "SupportedResponseMIMETypes": _SERVED_TYPES,
            },
            "MetadataProperties": {"GeneratedBy.$": "$$.Execution.Id"},
            **({"CustomerMetadataProperties": lineage} if lineage else {}),
        }

    def grant_run(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow running the job from a state machine that waits for its end."""
        jobs = self._arn("training-job", self.job_names)
        return allow(grantee, *permissions.run_training(jobs_arn=jobs, role=self.role))

    def grant_register(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow registering models of this job, and reading them."""
        models = permissions.register_models(
            packages_arn=self._arn("model-package", f"{self.model_package_group_name}/*"),
            repository_arn=self.image.repository_arn,
            zone=self.output,
            prefix=self.output_prefix,
        )
        return allow(grantee, *models)

    def consumers(self) -> Iterator[Consumer]:
        """Return the tables of the channels."""
        for channel in self.channels.values():
            if (table := channel.origin) is not None:
                yield Consumer(f"training job {self.node.path}", table.dataset.name)

    def _script_mode(self) -> dict[str, str]:
        archive = Path(self.script.s3_object_key).name
        return {
            "sagemaker_program": self._script_name,
            "sagemaker_submit_directory": f"/opt/ml/input/data/{_CODE_CHANNEL}/{archive}",
            "sagemaker_region": Aws.REGION,
        }

    def _arn(self, resource: str, name: str) -> str:
        return Stack.of(self).format_arn(service="sagemaker", resource=resource, resource_name=name)


def _text(value: Hyperparameter) -> str:
    # Script mode reads each value as JSON and takes what is none for text.
    return value if isinstance(value, str) else json.dumps(value)
