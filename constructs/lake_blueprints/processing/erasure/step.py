"""A pipeline step that carries out requests for erasure."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.erasure.erasure import Erasure
from lake_blueprints.processing.glue import RunGlueJob


@checked
@dataclass(frozen=True, kw_only=True)
class Erase(RunGlueJob):
    """Carry out every request for erasure that there is; if the job is already running, try again later.

    Put it after the steps that curate: objects that hold a person and have not been curated end the run.

    Parameters
    ----------
    job: Erasure
        The job that runs.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Erase` and the job's id.

    Example
    -------
        >>> erasure = Erasure(self, "Erasure", requests=zone, curations=[curate_members])
        >>> Pipeline(self, "Nightly", steps=[Curate(job=curate_members), Erase(job=erasure)])
    """

    verb = "Erase"

    job: Erasure
