"""Types that tags replace, held against AWS's own resource schemas."""

from __future__ import annotations

from collections.abc import Iterator

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from template_checks.core.tags import REPLACED_BY_TAGS


def replaced_by_tags() -> Iterator[str]:
    for kind in sorted(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        create_only = [*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ())]
        if "/properties/Tags" in create_only:
            yield kind


def test_the_types_are_those_whose_schema_calls_tags_create_only() -> None:
    assert list(REPLACED_BY_TAGS) == list(replaced_by_tags())
