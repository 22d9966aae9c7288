"""Rules over all templates of an app: what they see of each other."""

from __future__ import annotations

from typing import Any

import pytest

from template_checks.core.checking import check_app

TABLE = {
    "Type": "AWS::Glue::Table",
    "Properties": {
        "CatalogId": "111122223333",
        "DatabaseName": "lake",
        "TableInput": {
            "Name": "orders",
            "Parameters": {"table_type": "ICEBERG"},
            "StorageDescriptor": {"Location": {"Fn::Join": ["", ["s3://", {"Fn::ImportValue": "lake"}, "/orders/"]]}},
        },
    },
}
EXPIRING = {
    "Type": "AWS::S3::Bucket",
    "Properties": {"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 30}]}},
}
# The bucket's name goes from stack to stack: each imports it, and exports it under a name of its own.
CHAIN: dict[str, dict[str, Any]] = {
    "passing": {"Resources": {}, "Outputs": {"B": {"Value": {"Fn::ImportValue": "raw"}, "Export": {"Name": "lake"}}}},
    "storage": {"Resources": {"Raw": EXPIRING}, "Outputs": {"A": {"Value": {"Ref": "Raw"}, "Export": {"Name": "raw"}}}},
    "tables": {"Resources": {"Table": TABLE}},
}


@pytest.mark.parametrize("order", [("passing", "storage", "tables"), ("tables", "storage", "passing")])
def test_a_reference_is_followed_through_any_stack(order: tuple[str, ...]) -> None:
    found = check_app({key: CHAIN[key] for key in order})
    assert "LAKE-ICEBERG-001" in {one.rule.id for one in found["storage"]}


def test_of_two_templates_with_one_name_each_is_checked_itself() -> None:
    templates: dict[str, dict[str, Any]] = {
        "ireland": {"Resources": {}},
        "virginia": {"Resources": {"Log": {"Type": "AWS::Logs::LogGroup"}}},
    }
    found = check_app(templates, stack_names=dict.fromkeys(templates, "lake"))
    assert not found["ireland"]
    assert {one.logical_id for one in found["virginia"]} == {"Log"}
