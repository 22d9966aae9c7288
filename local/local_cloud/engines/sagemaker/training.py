"""SageMaker training: CreateTrainingJob runs the deployed script, in script mode, without a container."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError
from moto.sagemaker.responses import SageMakerResponse

from local_cloud.engines.engine import Engine
from local_cloud.engines.sagemaker.execution import TrainingExecution
from local_cloud.engines.sagemaker.request import refuse_unsupported
from local_cloud.errors import LocalCloudError
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_PARAMETERS = (
    "TrainingJobName",
    "HyperParameters",
    "AlgorithmSpecification",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "CheckpointConfig",
    "Environment",
)

_create_training_job = SageMakerResponse.create_training_job


class TrainingEngine(Engine):
    """Runs training jobs whose hyperparameters name a script (`sagemaker_program`) and its archive in S3."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._executions: dict[str, TrainingExecution] = {}

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.sagemaker.responses", "SageMakerResponse.create_training_job")
        def create_training_job(self: Any) -> ActionResult:
            # moto overwrites the metric definitions in the request, and forgets the environment.
            request = copy.deepcopy({name: self._get_param(name) for name in _PARAMETERS})
            jobs = self.sagemaker_backend.training_jobs
            if request["TrainingJobName"] in jobs:
                message = "Training job names must be unique within an AWS account and region"
                raise ResourceInUseException(message=message)
            try:
                refuse_unsupported(request)
            except LocalCloudError as error:
                raise ValidationError(message=str(error)) from None
            answer: ActionResult = _create_training_job(self)
            engine._begin(jobs[request["TrainingJobName"]], request, self.region)
            return answer

        @patches.add("moto.sagemaker.responses", "SageMakerResponse.stop_training_job")
        def stop_training_job(self: Any) -> ActionResult:
            name = self._get_param("TrainingJobName")
            job = self.sagemaker_backend.training_jobs.get(name)
            if job is None:
                raise ValidationError(message=f"Requested resource {name} not found.")
            # One that ended before the cloud was stopped has none.
            if execution := engine._executions.get(job.arn):
                execution.stop()
            return ActionResult({})

        return patches

    def _begin(self, job: Any, request: dict[str, Any], region: str) -> None:
        execution = TrainingExecution(self.runtime, job, request, region)
        self._executions[job.arn] = execution
        self.runtime.background(execution.perform, name=f"training job {job.training_job_name}")
