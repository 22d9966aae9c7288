"""Pipeline steps that run a curation job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.processing.curation.curation_job import CurationJob
from lake_blueprints.processing.glue import RunGlueJob


@checked
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


@checked
@dataclass(frozen=True, kw_only=True)
class Replay(RunGlueJob):
    """Put what a curation job has quarantined through it again, each record once, by the contract as it is now.

    Records that are good now go to the table, duplicates are counted, and the others are in quarantine again with the
    reasons that are left. Records that are not UTF-8 stay; an object that was refused as a whole is read again if it is
    there as it was. New records are curated as well. The pipeline of this step is one of its own: start it after the
    contract was mended and deployed.

    Parameters
    ----------
    job: CurationJob
        The job that runs; if it is already running, the step tries again later.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Replay` and the job's id.

    Example
    -------
        >>> Pipeline(self, "Replay", steps=[Replay(job=curate)])
    """

    verb = "Replay"
    arguments: ClassVar[Mapping[str, str]] = {"--replay": "true"}

    job: CurationJob
