"""Each test that takes a `subject` runs for every sample, unless it chooses some."""

from __future__ import annotations

import pytest

from tests.conformance.subject import subjects


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = any(mark.args[0] == "subject" for mark in metafunc.definition.iter_markers("parametrize"))
    if "subject" in metafunc.fixturenames and not chosen:
        found = subjects()
        metafunc.parametrize("subject", found, ids=[one.sample.name for one in found])
