"""SageMaker training jobs and model packages."""

from lake_blueprints.machine_learning.training.compute import Compute, Spot, TrainingNetwork
from lake_blueprints.machine_learning.training.hyperparameters import hyperparameters_from_tags
from lake_blueprints.machine_learning.training.images import TrainingImage
from lake_blueprints.machine_learning.training.input_channel import InputChannel
from lake_blueprints.machine_learning.training.metrics import SHIPPED_METRICS, MetricDefinition
from lake_blueprints.machine_learning.training.register import Approval, Register
from lake_blueprints.machine_learning.training.train import Train
from lake_blueprints.machine_learning.training.training_job import TrainingJob

__all__ = (
    "SHIPPED_METRICS",
    "Approval",
    "Compute",
    "InputChannel",
    "MetricDefinition",
    "Register",
    "Spot",
    "Train",
    "TrainingImage",
    "TrainingJob",
    "TrainingNetwork",
    "hyperparameters_from_tags",
)
