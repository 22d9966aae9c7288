from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.iceberg.conftest import orders


def metadata(cloud: LocalCloud, name: str) -> dict[str, Any]:
    """Return the metadata to which the catalog points."""
    location = entry(cloud, name)["Parameters"]["metadata_location"]
    bucket, _, key = location.removeprefix("s3://").partition("/")
    found: dict[str, Any] = json.loads(cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return found


def entry(cloud: LocalCloud, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cloud.client("glue").get_table(DatabaseName="shop", Name=name)["Table"]
    return found


def update(name: str, **changes: Any) -> dict[str, Any]:
    table = orders(name)["OpenTableFormatInput"]["IcebergInput"]["CreateIcebergTableInput"]
    wanted = {"SortOrder": table.pop("WriteOrder"), **table, **changes}
    updates = {"UpdateIcebergInput": {"UpdateIcebergTableInput": {"Updates": [wanted]}}}
    return {"DatabaseName": "shop", "Name": name, "UpdateOpenTableFormatInput": updates}


def fields(name: str) -> list[dict[str, Any]]:
    table = orders(name)["OpenTableFormatInput"]["IcebergInput"]["CreateIcebergTableInput"]
    found: list[dict[str, Any]] = table["Schema"]["Fields"]
    return found


def test_create_table_writes_metadata_with_the_ids_that_were_given(cloud: LocalCloud, glue: Any) -> None:
    glue.create_table(**orders("created"))
    table, written = entry(cloud, "created"), metadata(cloud, "created")
    assert table["Parameters"]["table_type"] == "ICEBERG"
    assert [(one["Name"], one["Type"]) for one in table["StorageDescriptor"]["Columns"]] == [
        ("id", "bigint"),
        ("day", "date"),
        ("amount", "decimal(9,2)"),
    ]
    assert (written["format-version"], written["location"]) == (2, "s3://lake/created")
    assert {one["name"]: one["id"] for one in written["schemas"][0]["fields"]} == {"id": 41, "day": 17, "amount": 23}
    assert [one["field-id"] for one in written["partition-specs"][0]["fields"]] == [1217]
    assert written["sort-orders"][-1]["fields"][0]["source-id"] == 41
    assert written["properties"] == {"write.parquet.compression-codec": "zstd"}
    assert (written["last-column-id"], written["last-partition-id"]) == (41, 1217)


def test_nested_types_are_json_text_with_ids_of_their_own(cloud: LocalCloud, glue: Any) -> None:
    place = {"type": "struct", "fields": [{"id": 99, "name": "city", "type": "string", "required": False}]}
    nested = {"Id": 55, "Name": "place", "Type": json.dumps(place), "Required": False}
    glue.create_table(**orders("nested", Schema={"Fields": [*fields("nested"), nested]}))
    (found,) = (one for one in metadata(cloud, "nested")["schemas"][0]["fields"] if one["name"] == "place")
    assert found["type"] == place


def test_an_update_adds_a_schema_and_keeps_ids_and_snapshots(cloud: LocalCloud, glue: Any) -> None:
    glue.create_table(**orders("changed"))
    before = metadata(cloud, "changed")
    note = {"Id": 5, "Name": "note", "Type": "string", "Required": False}
    glue.update_table(**update("changed", Schema={"Fields": [*fields("changed"), note]}))
    after = metadata(cloud, "changed")
    assert after["table-uuid"] == before["table-uuid"]
    assert [one["schema-id"] for one in after["schemas"]] == [0, 1]
    assert {one["name"]: one["id"] for one in after["schemas"][1]["fields"]}["note"] == 5
    assert after["current-schema-id"] == 1
    assert entry(cloud, "changed")["StorageDescriptor"]["Columns"][-1]["Name"] == "note"


def test_an_update_that_says_what_is_already_so_changes_nothing(cloud: LocalCloud, glue: Any) -> None:
    glue.create_table(**orders("same"))
    before = entry(cloud, "same")
    glue.update_table(**update("same"))
    assert entry(cloud, "same")["Parameters"] == before["Parameters"]


def test_a_change_of_partitions_keeps_the_older_specification(cloud: LocalCloud, glue: Any) -> None:
    glue.create_table(**orders("repartitioned"))
    day = {"SourceId": 17, "Transform": "day", "Name": "day_day", "FieldId": 1300}
    glue.update_table(**update("repartitioned", PartitionSpec={"Fields": [day]}))
    written = metadata(cloud, "repartitioned")
    assert [one["fields"][0]["transform"] for one in written["partition-specs"]] == ["month", "day"]
    assert (written["default-spec-id"], written["last-partition-id"]) == (1, 1300)
    glue.update_table(**update("repartitioned"))
    assert metadata(cloud, "repartitioned")["default-spec-id"] == 0


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        ({**orders("x"), "TableInput": {"Name": "x"}}, "InvalidInputException", "expected only via TableInput or via"),
        ({**orders("x"), "DatabaseName": "none"}, "EntityNotFoundException", "none"),
        (
            orders("x", Schema={"Fields": [{"Id": 1, "Name": "a", "Type": "text", "Required": False}]}),
            "InvalidInputException",
            "text",
        ),
    ],
    ids=["two descriptions", "no such database", "no such type"],
)
def test_create_table_refuses_what_glue_refuses(glue: Any, request_: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        glue.create_table(**request_)
    assert refused.value.response["Error"]["Code"] == code


def test_a_table_that_exists_is_not_created_again(glue: Any) -> None:
    glue.create_table(**orders("twice"))
    with pytest.raises(ClientError, match="AlreadyExistsException"):
        glue.create_table(**orders("twice"))


def test_format_version_three_is_refused_by_name(glue: Any) -> None:
    request = orders("third")
    request["OpenTableFormatInput"]["IcebergInput"]["Version"] = "3"
    with pytest.raises(ClientError, match="format version 3 are not supported"):
        glue.create_table(**request)


def test_an_update_of_a_version_that_is_no_longer_there_is_refused(cloud: LocalCloud, glue: Any) -> None:
    glue.create_table(**orders("versions"))
    table = entry(cloud, "versions")
    written = {name: table[name] for name in ("Name", "TableType", "Parameters", "StorageDescriptor")}
    glue.update_table(DatabaseName="shop", TableInput=written, VersionId=table["VersionId"])
    with pytest.raises(ClientError, match="ConcurrentModificationException"):
        glue.update_table(DatabaseName="shop", TableInput=written, VersionId=table["VersionId"])
