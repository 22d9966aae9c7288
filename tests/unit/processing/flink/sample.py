"""Samples of a stream processor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import Duration

from lake_blueprints.processing.flink import PythonApplication, StreamProcessor
from template_checks.limits import flink
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample

CODE = PythonApplication(path=Path(__file__).with_name("application"))


def options(lake: Fixtures, **given: Any) -> Mapping[str, Any]:
    """Return the options of a processor that reads a stream and writes back to it."""
    return {
        "code": CODE,
        "reads": [lake.stream],
        "writes": [lake.stream],
        "properties": {"flights": {"stream.arn": lake.stream.stream.stream_arn}},
        "alarm_topic": lake.topic,
        **given,
    }


SAMPLE = Sample(
    construct=StreamProcessor,
    options=options,
    limits={
        "parallelism": Limited(
            limit=flink.PARALLELISM, options=lambda lake, n: options(lake, parallelism=n, parallelism_per_kpu=2)
        ),
        "parallelism_per_kpu": Limited(
            limit=flink.PARALLELISM_PER_KPU, options=lambda lake, n: options(lake, parallelism_per_kpu=n)
        ),
        "checkpoint_interval": Limited(
            limit=flink.CHECKPOINT_INTERVAL,
            options=lambda lake, n: options(lake, checkpoint_interval=Duration.millis(n)),
        ),
    },
)
IN_A_NETWORK = Sample(
    construct=StreamProcessor,
    variant="network",
    options=lambda lake: options(lake, network=lake.network),
)
