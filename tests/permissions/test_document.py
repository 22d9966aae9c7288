"""docs/permissions.md says what is declared."""

from __future__ import annotations

from tests.permissions.document import PATH, rendered
from tests.permissions.grants import NAMES, define_grants
from tests.permissions.simulator import Simulator


def test_the_document_is_made_of_the_permissions(simulator: Simulator) -> None:
    grants = define_grants()
    for name in NAMES:
        grants.declared(name)
    document = rendered(grants, grants.proof(simulator))
    assert PATH.read_text(encoding="utf-8") == document, "run: python -m tests.permissions.document"
