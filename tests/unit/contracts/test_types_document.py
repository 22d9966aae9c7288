"""docs/types.md cannot drift from the code."""

from __future__ import annotations

import pytest

from lake_blueprints.contracts.names import catalog_name
from lake_blueprints.contracts.type_words import WORDS
from tests.unit.contracts.types_document import DOCUMENT, written


def test_the_document_has_the_tables_of_the_code() -> None:
    document = DOCUMENT.read_text()
    assert document.count("<!-- end -->") == 5
    assert written(document) == document


def test_a_changed_word_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORDS, "money", WORDS["smallmoney"])
    assert written(DOCUMENT.read_text()) != DOCUMENT.read_text()


def test_the_examples_of_names_are_what_the_rule_makes() -> None:
    section = DOCUMENT.read_text().split("## Names")[1]
    examples = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    assert len(examples) > 5
    assert [catalog_name(name.strip(" `")) for name, _ in examples] == [made.strip(" `") for _, made in examples]
