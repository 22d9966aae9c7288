"""The pipeline of a lake, and those of its shards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_events as events
from constructs import Construct

from lake_blueprints.ingestion.dms import Replication, StartReplication
from lake_blueprints.lake.dataset_resources import DatasetResources
from lake_blueprints.lake.stack_placement import StackPlacement
from lake_blueprints.orchestration import Parallel, Pipeline, RunPipeline, Step, step_name
from lake_blueprints.processing.index_load import LoadIndex
from lake_blueprints.processing.item_load import ItemLoadJob, LoadItems

Wave = Sequence[tuple[str, Step]]

# What a role may do fits into ten policies of 6,144 characters; a run takes about 250 of them.
_MOST_RUNS = 40


def starts_of(ingestion: Mapping[str, Replication]) -> Sequence[Wave]:
    """Return the wave in which each replication of datasets is started, if there is one."""
    started: dict[int, tuple[str, Step]] = {}
    for name, replication in ingestion.items():
        started.setdefault(id(replication), (name, StartReplication(replication=replication)))
    return [list(started.values())] if started else []


def loads_of(resources: Mapping[str, DatasetResources]) -> Wave:
    """Return the wave in which what applications read is loaded."""
    jobs = [(name, job) for name, found in resources.items() for job in found.loads]
    return [(name, LoadItems(job=job) if isinstance(job, ItemLoadJob) else LoadIndex(job=job)) for name, job in jobs]


@dataclass(frozen=True, kw_only=True)
class Pipelines:
    """Options that the pipelines of a lake share.

    Parameters
    ----------
    lake: Construct
        The lake.
    placement: StackPlacement
        Where its datasets are defined.
    options: mapping
        Of every pipeline: topic, key and removal policy.
    """

    lake: Construct
    placement: StackPlacement
    options: dict[str, Any]

    def define(self, waves: Iterable[Wave], last: Sequence[Step], *, schedule: events.Schedule | None) -> Pipeline:
        """Define the pipeline: what stands side by side in a wave runs at the same time, wave after wave.

        Parameters
        ----------
        waves: iterable of sequences of (str, Step)
            Names of datasets, and what is done with each.
        last: sequence of Step
            What is done in the end.
        """
        found = [self._steps(number, wave) for number, wave in enumerate(waves, start=1)]
        if sum(isinstance(step, RunPipeline) for steps in found for step in steps) > _MOST_RUNS:
            found = [self._in_parts(number, steps) for number, steps in enumerate(found, start=1)]
        steps = [step for number, wave in enumerate(found, start=1) for step in _together(wave, number)]
        scope = self.placement.orchestration()
        return Pipeline(scope, "Pipeline", steps=[*steps, *last], schedule=schedule, **self.options)

    def _steps(self, number: int, wave: Wave) -> Sequence[Step]:
        """Return the steps of a wave; a shard's are a pipeline of their own, one definition could not hold them."""
        by_home: dict[Construct, list[Step]] = {}
        for name, step in wave:
            by_home.setdefault(self.placement.of(name), []).append(step)
        if list(by_home) == [self.lake]:
            return by_home[self.lake]
        return [self._run(home, f"Pipeline{number}", steps, number) for home, steps in by_home.items()]

    def _in_parts(self, number: int, runs: Sequence[Step]) -> Sequence[Step]:
        """Return a run for each part of many runs: one role has no room for the permissions of all."""
        scope = self.placement.orchestration()
        parts = [runs[first : first + _MOST_RUNS] for first in range(0, len(runs), _MOST_RUNS)]
        return [self._run(scope, f"Wave{number}Part{at}", part, number) for at, part in enumerate(parts, start=1)]

    def _run(self, home: Construct, construct_id: str, steps: Sequence[Step], number: int) -> Step:
        # The pipeline that runs this one raises the alarm; this one says what has failed, or is doubtful.
        together = _together(steps, number)
        pipeline = Pipeline(home, construct_id, steps=together, alarm=False, **self.options)
        return RunPipeline(pipeline=pipeline, name=step_name("Run", f"{home.node.id} {construct_id}"))


def _together(steps: Sequence[Step], number: int) -> list[Step]:
    return [Parallel(branches=steps, name=f"Wave {number}")] if len(steps) > 1 else list(steps)
