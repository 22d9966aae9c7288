"""docs/permissions.md says what is declared."""

from __future__ import annotations

from tests.permissions.document import PATH, rendered
from tests.permissions.lakes import SampleLake


def test_the_document_is_made_of_the_declarations(ours: SampleLake) -> None:
    assert PATH.read_text(encoding="utf-8") == rendered(ours), "run: python -m tests.permissions.document"
