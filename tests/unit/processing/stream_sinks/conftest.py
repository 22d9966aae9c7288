"""The functions' package and their companion on Python's path, as Lambda has it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lake_blueprints.processing.stream_sinks
from lake_blueprints.ingestion.kinesis.producer import AGGREGATION
from local_cloud.cloud import LocalCloud

sys.path.insert(0, str(AGGREGATION.parent))
sys.path.insert(0, str(Path(str(lake_blueprints.processing.stream_sinks.__file__)).parent / "scripts"))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running
