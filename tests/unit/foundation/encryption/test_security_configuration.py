"""GlueSecurityConfiguration: everything encrypted, and a name that follows the content."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from syrupy.assertion import SnapshotAssertion

from lake_blueprints.foundation.encryption import GlueSecurityConfiguration, LakeKey
from tests.support import assert_passes_the_gates, new_stack, properties, template_of


def configured(key_id: str = "Key") -> dict[str, Any]:
    stack = new_stack()
    GlueSecurityConfiguration(stack, "Security", encryption_key=LakeKey(stack, key_id).key)
    return template_of(stack)


def test_matches_its_snapshot(stack: cdk.Stack, template_snapshot: SnapshotAssertion) -> None:
    GlueSecurityConfiguration(stack, "Security", encryption_key=LakeKey(stack, "Key").key)
    assert template_of(stack) == template_snapshot


def test_passes_the_gates() -> None:
    assert_passes_the_gates(
        lambda stack, name: GlueSecurityConfiguration(stack, name, encryption_key=LakeKey(stack, f"{name}Key").key)
    )


def test_another_key_makes_another_name_and_the_same_key_the_same() -> None:
    names = [properties(configured(key), "AWS::Glue::SecurityConfiguration")["Name"] for key in ("A", "B", "A")]
    assert names[0] == names[2] != names[1]
