"""Step Functions: pipelines and the protocol of their steps."""

from lake_blueprints.orchestration.asl import step_name
from lake_blueprints.orchestration.parallel import Together
from lake_blueprints.orchestration.pipeline import Pipeline
from lake_blueprints.orchestration.run_pipeline import Run
from lake_blueprints.orchestration.setting import Setting
from lake_blueprints.orchestration.step import Step
from lake_blueprints.orchestration.triggers import object_created

__all__ = (
    "Pipeline",
    "Run",
    "Setting",
    "Step",
    "Together",
    "object_created",
    "step_name",
)
