"""Sample of a training job."""

from __future__ import annotations

from lake_blueprints.machine_learning.training import InputChannel, TrainingJob
from tests.conformance.sample import Sample

SAMPLE = Sample(
    construct=TrainingJob,
    options=lambda lake: {"channels": {"train": InputChannel(table=lake.table)}, "output": lake.analytics},
    # CloudFormation has no model package groups there.
    unavailable_in=frozenset({"aws-cn"}),
)
