"""Each test that takes a `subject` runs for every sample, unless it chooses some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.subject import subjects
from tests.permissions.simulator import Simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "run the duties of one capability alone, as `ingestion.kinesis`; may be repeated"
    parser.addoption("--capability", action="append", default=[], help=help_text)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = any(mark.args[0] == "subject" for mark in metafunc.definition.iter_markers("parametrize"))
    if "subject" in metafunc.fixturenames and not chosen:
        wanted = metafunc.config.getoption("--capability")
        found = [one for one in subjects() if not wanted or one.sample.capability in wanted]
        metafunc.parametrize("subject", found, ids=[one.sample.name for one in found])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--capability", default=[]):
        return
    duties = Path(__file__).parent
    others = [item for item in items if duties in item.path.parents and not _is_duty(item)]
    items[:] = [item for item in items if item not in others]
    config.hook.pytest_deselected(items=others)


def _is_duty(item: pytest.Item) -> bool:
    return "subject" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """IAM's decisions."""
    made = Simulator()
    yield made
    made.stop()
