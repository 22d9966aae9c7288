"""Generated files are current: the pages of the rules, and the tables they ship with."""

from __future__ import annotations

import pytest

from tests.template_checks.rules.pages import FOLDER, pages
from tests.template_checks.rules.tables import DATA, TABLES, rendered


@pytest.mark.parametrize("name", pages())
def test_pages_are_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == pages()[name], "run python -m tests.template_checks.rules.pages"


def test_there_are_no_other_pages() -> None:
    assert {path.name for path in FOLDER.iterdir()} == pages().keys()


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_their_sources(name: str) -> None:
    assert (DATA / name).read_text() == rendered(TABLES[name]()), "run python -m tests.template_checks.rules.tables"
