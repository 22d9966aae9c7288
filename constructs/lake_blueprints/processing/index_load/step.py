"""A pipeline step that loads a curated table into OpenSearch."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.glue import RunGlueJob
from lake_blueprints.processing.index_load.index_load_job import IndexLoadJob


@checked
@dataclass(frozen=True, kw_only=True)
class LoadIndex(RunGlueJob):
    """Run an index load job to its end; if it is already running, try again later.

    Parameters
    ----------
    job: IndexLoadJob
        The job that runs.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Load` and the job's id.
    """

    verb = "Load"

    job: IndexLoadJob
