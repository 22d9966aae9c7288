"""A pipeline step that runs a curation job."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.processing.curation.curation_job import CurationJob
from lake_blueprints.processing.glue import RunGlueJob


@dataclass(frozen=True, kw_only=True)
class Curate(RunGlueJob):
    """Run a curation job to its end; if it is already running, try again later.

    Parameters
    ----------
    job: CurationJob
        The job that runs.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Curate` and the job's id.
    """

    verb = "Curate"

    job: CurationJob
