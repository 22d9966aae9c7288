"""Curation: Glue Spark jobs that validate, deduplicate and write curated tables."""

from lake_blueprints.processing.curation.changes import merge_changes
from lake_blueprints.processing.curation.curation_job import CurationJob
from lake_blueprints.processing.curation.history import History
from lake_blueprints.processing.curation.newest import Newest
from lake_blueprints.processing.curation.order import dependency_levels
from lake_blueprints.processing.curation.plan import Curation, Derivation, ReferenceJoin
from lake_blueprints.processing.curation.relationships import related_joins
from lake_blueprints.processing.curation.retention import RowRetention
from lake_blueprints.processing.curation.step import Curate, Replay
from lake_blueprints.processing.glue.worker import Worker, WorkerType

__all__ = (
    "Curate",
    "Curation",
    "CurationJob",
    "Derivation",
    "History",
    "Newest",
    "ReferenceJoin",
    "Replay",
    "RowRetention",
    "Worker",
    "WorkerType",
    "dependency_levels",
    "merge_changes",
    "related_joins",
)
