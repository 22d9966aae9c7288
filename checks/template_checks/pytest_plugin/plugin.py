"""The pytest plugin: an option and a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_checks.pytest_plugin.changes import TemplateChanges

_OPTION = "--accept-template-changes"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("lake-blueprints").addoption(
        _OPTION, action="store_true", help="write the baselines of templates as they are now"
    )


class _Reporting(TemplateChanges):
    """Fails a test with the findings alone: a traceback of this package tells nobody anything."""

    def check(self, assembly: str | Path, baseline: str | Path) -> None:
        try:
            super().check(assembly, baseline)
        except AssertionError as error:
            pytest.fail(str(error), pytrace=False)


@pytest.fixture
def template_changes(request: pytest.FixtureRequest) -> TemplateChanges:
    """Comparison of templates with a committed baseline; see `template_checks.pytest_plugin.TemplateChanges`."""
    return _Reporting(accept=request.config.getoption(_OPTION))
