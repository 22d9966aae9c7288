"""GlueSecurityConfiguration: everything encrypted, and a name that follows the content."""

from __future__ import annotations

from typing import Any

from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, LakeKey
from tests.support import new_stack, properties, template_of


def configured(key_id: str = "Key") -> dict[str, Any]:
    stack = new_stack()
    GlueSecurityConfiguration(stack, "Security", encryption_key=LakeKey(stack, key_id).key)
    return template_of(stack)


def test_another_key_makes_another_name_and_the_same_key_the_same() -> None:
    names = [properties(configured(key), "AWS::Glue::SecurityConfiguration")["Name"] for key in ("A", "B", "A")]
    assert names[0] == names[2] != names[1]
