"""Models trained from the lake."""

from lake_blueprints.training.channel import Channel
from lake_blueprints.training.compute import Compute, Spot, TrainingNetwork
from lake_blueprints.training.images import TrainingImage
from lake_blueprints.training.learning import learning_task
from lake_blueprints.training.metrics import SHIPPED_METRICS, MetricDefinition
from lake_blueprints.training.training_job import TrainingJob

__all__ = (
    "SHIPPED_METRICS",
    "Channel",
    "Compute",
    "MetricDefinition",
    "Spot",
    "TrainingImage",
    "TrainingJob",
    "TrainingNetwork",
    "learning_task",
)
