"""The blueprint devices: every message of the sensors is accounted for, though the processor is killed among them."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator

import pytest
from rich.console import Console

from examples.demo.steps import Steps
from examples.devices.run import Run
from examples.devices.sensors import DEVICES, Fate
from local_cloud.cloud import LocalCloud
from local_cloud.engines.flink.engine import FlinkEngine
from tests.end_to_end.test_recorded_calls import Recorded


def kill_the_processor(cloud: LocalCloud) -> None:
    """End Flink between two checkpoints, as a machine that breaks does."""
    (name,) = [
        one["ApplicationName"] for one in cloud.client("kinesisanalyticsv2").list_applications()["ApplicationSummaries"]
    ]
    engine = next(one for one in cloud._running._engines if isinstance(one, FlinkEngine))
    process = engine.process_of(name)
    assert process
    os.kill(process, signal.SIGKILL)


class Ended:
    """A run that has ended."""

    def __init__(self, cloud: LocalCloud, run: Run) -> None:
        self.results = run()
        self.refused = Recorded(cloud).refused()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    folder = tmp_path_factory.mktemp("devices")
    steps = Steps(Console(file=io.StringIO()))
    with LocalCloud(workdir=folder / "cloud", longest_wait=1) as cloud:
        yield Ended(cloud, Run(cloud, steps, folder, disturb=kill_the_processor))


def test_every_message_is_accounted_for(ended: Ended) -> None:
    results = ended.results
    assert len(results.sent) == sum(results.account.values()) == 10_000
    assert results.account == results.drawn
    assert min(results.account.values()) > 40


def test_each_window_counts_what_a_query_of_the_lake_counts(ended: Ended) -> None:
    assert len(ended.results.windows) > 300
    assert ended.results.windows == ended.results.counted


def test_the_newest_state_is_that_of_the_lake(ended: Ended) -> None:
    in_lake, in_table, in_cache = ended.results.newest.values()
    assert set(in_lake) == set(DEVICES)
    assert in_lake == in_table == in_cache


def test_anomalies_are_found_better_than_by_fixed_thresholds(ended: Ended) -> None:
    found, fixed = ended.results.detections.values()
    assert min(found.precision, found.recall) >= 0.95
    assert found.recall > fixed.recall


def test_people_hear_of_each_sensor_that_measures_anomalies(ended: Ended) -> None:
    anomalous = {message.device for message in ended.results.sent if message.anomalous}
    assert ended.results.alerts == len(anomalous)


def test_messages_come_to_every_end(ended: Ended) -> None:
    assert set(ended.results.drawn) == set(Fate)


def test_every_recorded_call_is_allowed_by_the_policies_of_its_role(ended: Ended) -> None:
    assert ended.refused == [], "\n".join(ended.refused)
