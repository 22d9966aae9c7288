"""Iceberg's REST API, by pyiceberg's own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchNamespaceError, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField, StringType

from local_cloud.cloud import LocalCloud
from tests.local_cloud.iceberg.conftest import orders

CUSTOMERS = Schema(
    NestedField(1, "id", LongType(), required=True), NestedField(2, "name", StringType(), required=False)
)
ROWS = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string())])


@pytest.fixture(scope="module")
def catalog(cloud: LocalCloud) -> Iterator[RestCatalog]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment().items():
            patch.setenv(name, value)
        found = load_catalog(
            "local",
            type="rest",
            uri=f"{cloud.endpoint}/iceberg",
            warehouse="123456789012",
            **{
                "rest.sigv4-enabled": "true",
                "rest.signing-name": "glue",
                "rest.signing-region": cloud.environment()["AWS_REGION"],
            },
        )
        assert isinstance(found, RestCatalog)
        yield found


def rows(*found: tuple[int, str | None]) -> pa.Table:
    return pa.Table.from_pylist([{"id": number, "name": name} for number, name in found], schema=ROWS)


def test_a_client_creates_a_table_and_reads_back_what_it_appended(catalog: RestCatalog) -> None:
    table = catalog.create_table("shop.customers", CUSTOMERS, location="s3://lake/customers")
    table.append(rows((1, "Ada"), (2, None)))
    table.append(rows((3, "Bob")))
    table.delete("id = 2")
    found = catalog.load_table("shop.customers").scan().to_arrow().sort_by("id").to_pylist()
    assert found == [{"id": 1, "name": "Ada"}, {"id": 3, "name": "Bob"}]


def test_the_catalog_of_glue_has_the_same_table(catalog: RestCatalog, glue: Any) -> None:
    catalog.create_table("shop.shared", CUSTOMERS, location="s3://lake/shared")
    entry = glue.get_table(DatabaseName="shop", Name="shared")["Table"]
    assert entry["Parameters"]["metadata_location"] == catalog.load_table("shop.shared").metadata_location
    glue.create_table(**orders("by_glue"))
    assert catalog.load_table("shop.by_glue").schema().find_field("amount").field_id == 23
    assert ("shop", "by_glue") in catalog.list_tables("shop")


def test_older_snapshots_stay_readable_after_a_change_of_columns(catalog: RestCatalog) -> None:
    table = catalog.create_table("shop.evolving", CUSTOMERS, location="s3://lake/evolving")
    table.append(rows((1, "Ada")))
    first = table.current_snapshot()
    assert first
    with table.update_schema() as change:
        change.rename_column("name", "full_name")
        change.add_column("city", StringType())
    table = catalog.load_table("shop.evolving")
    assert table.scan().to_arrow().to_pylist() == [{"id": 1, "full_name": "Ada", "city": None}]
    assert table.scan(snapshot_id=first.snapshot_id).to_arrow().to_pylist() == [{"id": 1, "name": "Ada"}]


def test_the_second_of_two_commits_to_one_state_is_refused(catalog: RestCatalog) -> None:
    catalog.create_table("shop.contended", CUSTOMERS, location="s3://lake/contended")
    one, other = catalog.load_table("shop.contended"), catalog.load_table("shop.contended")
    with other.update_schema() as columns:
        columns.add_column("city", StringType())
    with pytest.raises(CommitFailedException), one.update_schema() as columns:
        columns.add_column("town", StringType())


def test_tables_are_renamed_and_dropped(catalog: RestCatalog) -> None:
    catalog.create_table("shop.old", CUSTOMERS, location="s3://lake/old")
    catalog.rename_table("shop.old", "shop.new")
    assert not catalog.table_exists("shop.old")
    assert catalog.table_exists("shop.new")
    catalog.drop_table("shop.new")
    assert not catalog.table_exists("shop.new")


def test_errors_are_those_of_the_specification(catalog: RestCatalog) -> None:
    with pytest.raises(NoSuchTableError):
        catalog.load_table("shop.none")
    with pytest.raises(NoSuchNamespaceError):
        catalog.create_table("none.x", CUSTOMERS, location="s3://lake/x")
    catalog.create_table("shop.known", CUSTOMERS, location="s3://lake/known")
    with pytest.raises(TableAlreadyExistsError):
        catalog.create_table("shop.known", CUSTOMERS, location="s3://lake/known")


def test_a_table_of_another_format_is_no_iceberg_table(catalog: RestCatalog, glue: Any) -> None:
    glue.create_table(
        DatabaseName="shop", TableInput={"Name": "plain", "StorageDescriptor": {"Columns": []}, "Parameters": {}}
    )
    with pytest.raises(NoSuchTableError):
        catalog.load_table("shop.plain")
    assert ("shop", "plain") not in catalog.list_tables("shop")


def test_databases_are_namespaces(catalog: RestCatalog, glue: Any) -> None:
    catalog.create_namespace("extra")
    assert glue.get_database(Name="extra")["Database"]["Name"] == "extra"
    assert ("extra",) in catalog.list_namespaces()
    catalog.drop_namespace("extra")
    assert ("extra",) not in catalog.list_namespaces()


@pytest.mark.parametrize("authorization", [None, "Bearer LOCALKEY/us-east-1/guess", "Bearer nothing"])
def test_nobody_gets_in_without_a_key(cloud: LocalCloud, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{cloud.endpoint}/iceberg/v1/config", headers=headers))
    assert refused.value.code == 403
