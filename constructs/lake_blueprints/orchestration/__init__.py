"""Step Functions: pipelines and the protocol of their steps."""

from template_checks.core.node import require_node

require_node()

from lake_blueprints.orchestration.asl import step_name
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.parallel import Parallel
from lake_blueprints.orchestration.pipeline import Pipeline
from lake_blueprints.orchestration.run_pipeline import RunPipeline
from lake_blueprints.orchestration.snapshot_export import SnapshotExport
from lake_blueprints.orchestration.step import Step
from lake_blueprints.orchestration.triggers import object_created

__all__ = (
    "Parallel",
    "Pipeline",
    "RunPipeline",
    "SnapshotExport",
    "Step",
    "StepContext",
    "object_created",
    "step_name",
)
