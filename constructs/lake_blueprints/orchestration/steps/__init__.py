"""The steps that a pipeline is made of, one to a module."""

from lake_blueprints.orchestration.steps.crawl import Crawl
from lake_blueprints.orchestration.steps.curate import Curate
from lake_blueprints.orchestration.steps.evaluate import Evaluate
from lake_blueprints.orchestration.steps.load import Load
from lake_blueprints.orchestration.steps.query import Query
from lake_blueprints.orchestration.steps.register import Approval, Register
from lake_blueprints.orchestration.steps.step import Step
from lake_blueprints.orchestration.steps.together import Together
from lake_blueprints.orchestration.steps.train import Train

__all__ = (
    "Approval",
    "Crawl",
    "Curate",
    "Evaluate",
    "Load",
    "Query",
    "Register",
    "Step",
    "Together",
    "Train",
)
