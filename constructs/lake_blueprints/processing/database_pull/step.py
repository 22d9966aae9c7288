"""A pipeline step that pulls a table of a database."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.database_pull.database_pull import DatabasePull
from lake_blueprints.processing.glue import RunGlueJob


@checked
@dataclass(frozen=True, kw_only=True)
class Pull(RunGlueJob):
    """Run a pull to its end; if it is already running, try again later.

    Parameters
    ----------
    job: DatabasePull
        The job that runs.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Pull` and the job's id.
    """

    verb = "Pull"

    job: DatabasePull
