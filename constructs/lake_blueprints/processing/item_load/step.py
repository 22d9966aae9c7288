"""A pipeline step that loads a curated table into DynamoDB."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.glue import RunGlueJob
from lake_blueprints.processing.item_load.item_load_job import ItemLoadJob


@checked
@dataclass(frozen=True, kw_only=True)
class LoadItems(RunGlueJob):
    """Run an item load job to its end; if it is already running, try again later.

    Parameters
    ----------
    job: ItemLoadJob
        The job that runs.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Load` and the job's id.
    """

    verb = "Load"

    job: ItemLoadJob
