from __future__ import annotations

import gzip
import io
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from local_cloud.engines.glue.crawler.engine import CrawlerEngine
from local_cloud.server.runtime import Runtime

REGION = "eu-central-1"


class Cloud:
    """S3 and Glue with a crawler engine behind them; one bucket and one database for each test."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self.s3 = runtime.client("s3", REGION)
        self.glue = runtime.client("glue", REGION)
        self.name = name
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.glue.create_database(DatabaseInput={"Name": name})

    def put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=content)

    def crawler(self, path: str = "raw/", *, exclusions: tuple[str, ...] = (), **arguments: Any) -> None:
        target = {"Path": f"s3://{self.name}/{path}", "Exclusions": list(exclusions)}
        given = {"DatabaseName": self.name, **arguments}
        self.glue.create_crawler(Name=self.name, Role="crawler", Targets={"S3Targets": [target]}, **given)

    def crawl(self) -> dict[str, Any]:
        """Run the crawler to its end and return its last crawl."""
        self.glue.start_crawler(Name=self.name)
        while True:
            crawler = self.glue.get_crawler(Name=self.name)["Crawler"]
            if crawler["State"] == "READY":
                last: dict[str, Any] = crawler["LastCrawl"]
                return last
            time.sleep(0.01)

    def tables(self) -> dict[str, dict[str, Any]]:
        return {table["Name"]: table for table in self.glue.get_tables(DatabaseName=self.name)["TableList"]}

    def columns(self, table: str) -> dict[str, str]:
        described = self.tables()[table]["StorageDescriptor"]["Columns"]
        return {column["Name"]: column["Type"] for column in described}

    def partitions(self, table: str) -> dict[tuple[str, ...], str]:
        found = self.glue.get_partitions(DatabaseName=self.name, TableName=table)["Partitions"]
        return {tuple(item["Values"]): item["StorageDescriptor"]["Location"] for item in found}


@pytest.fixture(scope="module")
def crawling(runtime: Runtime) -> Iterator[Runtime]:
    with CrawlerEngine(runtime).patches():
        yield runtime


@pytest.fixture
def cloud(crawling: Runtime, request: pytest.FixtureRequest) -> Cloud:
    return Cloud(crawling, f"test{abs(hash(request.node.name))}")


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_each_first_level_folder_is_a_table(cloud: Cloud) -> None:
    cloud.put("raw/flights/x.json", b'{"id": 1}\n')
    cloud.put("raw/air-ports/x.parquet", parquet(code=["JFK"]))
    cloud.crawler(TablePrefix="p_")
    assert cloud.crawl()["Status"] == "SUCCEEDED"
    tables = cloud.tables()
    assert sorted(tables) == ["p_air_ports", "p_flights"]
    assert tables["p_flights"]["StorageDescriptor"]["Location"] == f"s3://{cloud.name}/raw/flights/"
    assert tables["p_flights"]["Parameters"]["classification"] == "json"
    assert tables["p_air_ports"]["Parameters"]["classification"] == "parquet"


def test_a_target_that_holds_files_is_one_table(cloud: Cloud) -> None:
    cloud.put("raw/x.parquet", parquet(id=[1]))
    cloud.crawler()
    cloud.crawl()
    assert list(cloud.tables()) == ["raw"]


def test_hive_folders_below_the_target_make_it_one_partitioned_table(cloud: Cloud) -> None:
    for year in ("2012", "2013"):
        cloud.put(f"raw/year={year}/x.parquet", parquet(id=[1]))
    cloud.crawler()
    cloud.crawl()
    assert [(key["Name"], key["Type"]) for key in cloud.tables()["raw"]["PartitionKeys"]] == [("year", "string")]
    assert cloud.partitions("raw") == {
        ("2012",): f"s3://{cloud.name}/raw/year=2012/",
        ("2013",): f"s3://{cloud.name}/raw/year=2013/",
    }


def test_plain_folders_are_numbered_partitions(cloud: Cloud) -> None:
    cloud.put("raw/events/2024/01/x.json", b'{"id": 1}\n')
    cloud.put("raw/events/2024/02/x.json", b'{"id": 1}\n')
    cloud.crawler()
    cloud.crawl()
    assert [key["Name"] for key in cloud.tables()["events"]["PartitionKeys"]] == ["partition_0", "partition_1"]
    assert sorted(cloud.partitions("events")) == [("2024", "01"), ("2024", "02")]


def test_json_columns_are_the_union_of_all_files(cloud: Cloud) -> None:
    cloud.put("raw/a.json.gz", gzip.compress(b'{"Id": 1, "at": "2013-01-01", "x": {"y": 1.5}, "big": 5000000000}\n'))
    cloud.put("raw/b.json.gz", gzip.compress(b'{"Id": 2, "tags": ["a"]}\n'))
    cloud.crawler()
    cloud.crawl()
    assert cloud.columns("raw") == {
        "id": "int",
        "at": "string",
        "x": "struct<y:double>",
        "big": "bigint",
        "tags": "array<string>",
    }
    assert cloud.tables()["raw"]["Parameters"]["compressionType"] == "gzip"


def test_a_csv_header_is_seen_by_the_numbers_below_it(cloud: Cloud) -> None:
    cloud.put("raw/airports/x.csv", b"faa,Name,alt,tz\nJFK,Kennedy,13,-5\nLGA,La Guardia,22.5,-5\n")
    cloud.crawler()
    cloud.crawl()
    assert cloud.columns("airports") == {"faa": "string", "name": "string", "alt": "double", "tz": "bigint"}
    table = cloud.tables()["airports"]
    assert table["Parameters"]["skip.header.line.count"] == "1"
    assert table["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {"field.delim": ","}


def test_a_csv_of_texts_has_no_header_for_glue(cloud: Cloud) -> None:
    cloud.put("raw/airlines/x.csv", b"carrier|name\nAA|American\n")
    cloud.crawler()
    cloud.crawl()
    assert cloud.columns("airlines") == {"col0": "string", "col1": "string"}
    assert "skip.header.line.count" not in cloud.tables()["airlines"]["Parameters"]


def test_excluded_and_hidden_objects_are_not_crawled(cloud: Cloud) -> None:
    cloud.put("raw/kept/x.json", b'{"id": 1}\n')
    cloud.put("raw/kept/old/x.bak", b"junk")
    cloud.put("raw/skipped/x.json", b'{"id": 1}\n')
    cloud.put("raw/_temporary/x.json", b'{"id": 1}\n')
    cloud.crawler(exclusions=("skipped/**", "**.bak"))
    assert cloud.crawl()["Status"] == "SUCCEEDED"
    assert list(cloud.tables()) == ["kept"]


def test_a_second_crawl_adds_columns_and_partitions(cloud: Cloud) -> None:
    cloud.put("raw/day=1/x.parquet", parquet(id=[1]))
    cloud.crawler()
    cloud.crawl()
    cloud.put("raw/day=2/x.parquet", parquet(id=[1], note=["n"]))
    cloud.crawl()
    assert cloud.columns("raw") == {"id": "bigint", "note": "string"}
    assert sorted(cloud.partitions("raw")) == [("1",), ("2",)]


@pytest.mark.parametrize(
    "policy",
    [
        {"SchemaChangePolicy": {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}},
        {"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"}},
    ],
    ids=["log", "new-folders-only"],
)
def test_a_schema_that_may_not_change_keeps_its_columns(cloud: Cloud, policy: dict[str, Any]) -> None:
    cloud.put("raw/day=1/x.parquet", parquet(id=[1]))
    cloud.crawler(**policy)
    cloud.crawl()
    cloud.put("raw/day=2/x.parquet", parquet(id=[1], note=["n"]))
    cloud.crawl()
    assert cloud.columns("raw") == {"id": "bigint"}
    assert sorted(cloud.partitions("raw")) == [("1",), ("2",)]


@pytest.mark.parametrize(
    ("behavior", "remaining"),
    [("LOG", ["gone", "kept"]), ("DEPRECATE_IN_DATABASE", ["gone", "kept"]), ("DELETE_FROM_DATABASE", ["kept"])],
)
def test_tables_without_data_follow_the_delete_behavior(cloud: Cloud, behavior: str, remaining: list[str]) -> None:
    for name in ("gone", "kept"):
        cloud.put(f"raw/{name}/x.parquet", parquet(id=[1]))
    cloud.crawler(SchemaChangePolicy={"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": behavior})
    cloud.crawl()
    cloud.s3.delete_object(Bucket=cloud.name, Key="raw/gone/x.parquet")
    cloud.crawl()
    tables = cloud.tables()
    assert sorted(tables) == remaining
    deprecated = "DEPRECATED_BY_CRAWLER" in tables.get("gone", {}).get("Parameters", {})
    assert deprecated == (behavior == "DEPRECATE_IN_DATABASE")


@pytest.mark.parametrize(
    ("key", "content", "reason"),
    [
        ("raw/x/a.json", b'[{"id": 1}, {"id": 2}]', "is one JSON array"),
        ("raw/x/a.avro", b"Obj\x01\x04schema,x", "is Avro"),
        ("raw/x/a.orc", b"ORC,x\n", "is ORC"),
        ("raw/x/a.xml", b'<a b="1,2"/>\n', "is XML"),
        ("raw/x/a.bin", b"a,b\x00c\n", "is binary"),
        ("raw/x/a.csv", b"a,b\n1,2\n1,2,3\n", "rows of different lengths"),
        ("raw/x/a.bin", b"hello", "neither Parquet, JSON lines nor CSV"),
        ("raw/ok/deep/b.json", b'{"id": 1}\n', "different depths"),
        ("raw/ok/b.csv", b"a,b\n1,2\n", "files of different formats: csv, json"),
    ],
)
def test_a_crawl_fails_with_its_reason(cloud: Cloud, key: str, content: bytes, reason: str) -> None:
    cloud.put("raw/ok/x.json", b'{"id": 1}\n')
    cloud.put(key, content)
    cloud.crawler()
    last = cloud.crawl()
    assert last["Status"] == "FAILED"
    assert reason in last["ErrorMessage"]


def test_a_crawl_into_a_missing_database_fails(cloud: Cloud) -> None:
    cloud.put("raw/x/a.json", b'{"id": 1}\n')
    cloud.crawler(DatabaseName="absent")
    assert cloud.crawl()["ErrorMessage"] == "Database absent not found."


def test_a_crawler_runs_once_at_a_time(cloud: Cloud) -> None:
    cloud.put("raw/x/a.json", b'{"id": 1}\n' * 50_000)
    cloud.crawler()
    cloud.glue.start_crawler(Name=cloud.name)
    with pytest.raises(ClientError, match="CrawlerRunningException"):
        cloud.glue.start_crawler(Name=cloud.name)
    while cloud.glue.get_crawler(Name=cloud.name)["Crawler"]["State"] != "READY":
        time.sleep(0.01)
    assert cloud.glue.list_crawls(CrawlerName=cloud.name)["Crawls"][0]["State"] == "COMPLETED"


def test_a_stopped_crawl_is_cancelled(cloud: Cloud) -> None:
    cloud.put("raw/x/a.json", b'{"id": 1}\n' * 50_000)
    cloud.crawler()
    cloud.glue.start_crawler(Name=cloud.name)
    cloud.glue.stop_crawler(Name=cloud.name)
    while (crawler := cloud.glue.get_crawler(Name=cloud.name)["Crawler"])["State"] != "READY":
        time.sleep(0.01)
    assert crawler["LastCrawl"]["Status"] == "CANCELLED"
    assert cloud.tables() == {}


def test_an_unknown_crawler_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        cloud.glue.start_crawler(Name="nobody")
    cloud.crawler()
    with pytest.raises(ClientError, match="CrawlerNotRunningException"):
        cloud.glue.stop_crawler(Name=cloud.name)
