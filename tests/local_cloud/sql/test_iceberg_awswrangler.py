"""awswrangler's calls for Iceberg tables, unmodified."""

from __future__ import annotations

import awswrangler
import boto3
import pandas as pd
import pytest

from local_cloud.iceberg.catalog import IcebergCatalog
from tests.local_cloud.sql.conftest import REGION, Lake


def test_awswrangler_writes_merges_deletes_and_reads(
    tables: Lake, catalog: IcebergCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in tables.runtime.environment(REGION).items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(region_name=REGION)
    places = {"database": "lake", "table": "wrangled", "temp_path": "s3://data/temporary/", "boto3_session": session}
    first = pd.DataFrame({"id": [1, 2], "name": ["a", "b"], "at": pd.to_datetime(["2026-01-01", "2026-02-01"])})
    awswrangler.athena.to_iceberg(
        df=first,
        table_location="s3://data/wrangled/",
        partition_cols=["month(at)"],
        s3_output="s3://results/",
        keep_files=False,
        **places,
    )
    changed = pd.DataFrame({"id": [2, 3], "name": ["B", "c"], "at": pd.to_datetime(["2026-02-01", "2026-03-01"])})
    awswrangler.athena.to_iceberg(df=changed, merge_cols=["id"], s3_output="s3://results/", keep_files=False, **places)
    awswrangler.athena.delete_from_iceberg_table(
        df=pd.DataFrame({"id": [1]}), merge_cols=["id"], s3_output="s3://results/", keep_files=False, **places
    )
    found = catalog.load_table("lake.wrangled").scan().to_arrow().sort_by("id").to_pylist()
    assert [(row["id"], row["name"]) for row in found] == [(2, "B"), (3, "c")]
    read = awswrangler.athena.read_sql_query(
        "select id, name, at from wrangled order by id",
        database="lake",
        s3_output="s3://results/",
        ctas_approach=False,
        boto3_session=session,
    )
    assert read["at"].tolist() == [pd.Timestamp("2026-02-01"), pd.Timestamp("2026-03-01")]
