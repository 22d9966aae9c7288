"""Each test that takes a `subject` runs for every sample, unless it chooses some."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.subject import subjects
from tests.permissions.simulator import Simulator


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = any(mark.args[0] == "subject" for mark in metafunc.definition.iter_markers("parametrize"))
    if "subject" in metafunc.fixturenames and not chosen:
        found = subjects()
        metafunc.parametrize("subject", found, ids=[one.sample.name for one in found])


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """IAM's decisions."""
    made = Simulator()
    yield made
    made.stop()
