"""Jobs that turn raw records into curated tables."""

from lake_blueprints.etl.curation_job import CurationJob
from lake_blueprints.etl.order import in_waves
from lake_blueprints.etl.plan import Curation, Derivation, ReferenceJoin
from lake_blueprints.etl.relationships import related_joins
from lake_blueprints.etl.worker import Worker, WorkerType

__all__ = (
    "Curation",
    "CurationJob",
    "Derivation",
    "ReferenceJoin",
    "Worker",
    "WorkerType",
    "in_waves",
    "related_joins",
)
