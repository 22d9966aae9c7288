"""Running a lake: one state machine over all its steps."""

from lake_blueprints.orchestration.asl import step_name
from lake_blueprints.orchestration.pipeline import Pipeline
from lake_blueprints.orchestration.setting import Setting
from lake_blueprints.orchestration.steps import (
    Approval,
    Crawl,
    Curate,
    Evaluate,
    Load,
    Query,
    Register,
    Step,
    Together,
    Train,
)
from lake_blueprints.orchestration.steps.run import Run
from lake_blueprints.orchestration.triggers import object_created

__all__ = (
    "Approval",
    "Crawl",
    "Curate",
    "Evaluate",
    "Load",
    "Pipeline",
    "Query",
    "Register",
    "Run",
    "Setting",
    "Step",
    "Together",
    "Train",
    "object_created",
    "step_name",
)
