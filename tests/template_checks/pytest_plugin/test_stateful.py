"""Stateful resources, and the changes that replace them."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from template_checks.pytest_plugin.assembly import Synthesised
from template_checks.pytest_plugin.stateful import STATEFUL_TYPES, create_only, stateful_resources


def stateful(**resource: Any) -> list[str]:
    template = {"Resources": {"One": {"Type": "AWS::S3::Bucket", **resource}}}
    return list(stateful_resources(Synthesised(name="Lake", template=template)))


def test_a_bucket_holds_data_whatever_its_policy() -> None:
    assert stateful() == ["Lake/One"]


def test_anything_that_is_retained_holds_data() -> None:
    assert stateful(Type="Custom::Archive") == []
    for policy in ("Retain", "RetainExceptOnCreate", "Snapshot"):
        assert stateful(Type="Custom::Archive", DeletionPolicy=policy) == ["Lake/One"]


@pytest.mark.parametrize(
    ("kind", "properties", "found"),
    [
        ("AWS::S3::Bucket", {"BucketName": "raw", "Tags": []}, {"BucketName": "raw"}),
        ("AWS::DynamoDB::Table", {"TableName": "t", "BillingMode": "PROVISIONED"}, {"TableName": "t"}),
        (
            "AWS::Glue::Database",
            {"DatabaseInput": {"Name": "lake", "Description": "x"}},
            {"DatabaseInput/Name": "lake"},
        ),
        ("AWS::RedshiftServerless::Namespace", {"NamespaceName": "n", "DbName": "d"}, {"NamespaceName": "n"}),
        ("AWS::KMS::Key", {"EnableKeyRotation": True}, {}),
        ("Custom::Archive", {"Name": "n"}, {}),
    ],
)
def test_some_properties_replace_a_resource(kind: str, properties: dict[str, Any], found: dict[str, Any]) -> None:
    assert create_only(kind, properties) == found


def test_properties_inside_lists_replace_as_well() -> None:
    tables = [{"DestinationTableName": "one", "Other": 1}, {"DestinationTableName": "two"}]
    found = create_only("AWS::MSK::Channel", {"IcebergDestinationConfiguration": {"DestinationTableList": tables}})
    path = "IcebergDestinationConfiguration/DestinationTableList/*/DestinationTableName"
    assert found[path] == ["one", "two"]


def test_every_stateful_type_is_one_that_cloudformation_has() -> None:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415

    assert STATEFUL_TYPES - set(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")) == set()


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cfnlint.schema", None)
    with pytest.raises(AssertionError, match=r"install it by pip install 'lake-template-checks\[pytest\]'"):
        create_only("AWS::Lake::NotAskedYet", {})
