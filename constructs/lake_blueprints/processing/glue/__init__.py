"""Glue jobs: workers, logs, permissions and the step, which every job of the library shares."""

from lake_blueprints.processing.glue.step import RunGlueJob
from lake_blueprints.processing.glue.worker import Worker, WorkerType

__all__ = (
    "RunGlueJob",
    "Worker",
    "WorkerType",
)
