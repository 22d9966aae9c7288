"""Curate and Replay: the job's run in a pipeline."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from lake_blueprints.orchestration import Pipeline, Step
from lake_blueprints.processing.curation import Curate, Replay
from tests.support import steps_of
from tests.unit.processing.curation.test_curation_job import job


@pytest.mark.parametrize(
    ("step", "name", "arguments"), [(Curate, "Curate Job", None), (Replay, "Replay Job", {"--replay": "true"})]
)
def test_a_replay_is_a_run_of_the_same_job_with_an_argument(
    stack: cdk.Stack, step: type[Curate | Replay], name: str, arguments: dict[str, str] | None
) -> None:
    steps: list[Step] = [step(job=job(stack, "Job"))]
    Pipeline(stack, "Pipeline", steps=steps)
    state = steps_of(stack)[name]
    given = state.get("Arguments") or state["Parameters"]
    assert given.get("Arguments") == arguments
    assert "JobName" in given
