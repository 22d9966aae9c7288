"""The steps that a pipeline is made of, one to a module."""

from lake_blueprints.analytics.athena.step import Query
from lake_blueprints.analytics.quality.step import Evaluate
from lake_blueprints.databases.redshift.step import Load
from lake_blueprints.ingestion.crawler.step import Crawl
from lake_blueprints.machine_learning.training.register import Approval, Register
from lake_blueprints.machine_learning.training.train import Train
from lake_blueprints.orchestration.parallel import Together
from lake_blueprints.orchestration.step import Step
from lake_blueprints.processing.curation.step import Curate

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
