"""Loads on real Spark: a table of DynamoDB has the rows of a table of Iceberg, whatever came between."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from pyspark.sql import SparkSession

COLUMNS = '[["id", "int"], ["name", "string"], ["amount", "decimal(9,2)"]]'


class Shop:
    """A table of Iceberg, and the table of DynamoDB that serves it."""

    def __init__(self, loading: Any, name: str, more: str = "") -> None:
        self.loading, self.name = loading, name
        self.spark = SparkSession.builder.getOrCreate()
        self.source = f"glue_catalog.db.{name}"
        properties = "'write.merge.mode'='copy-on-write', 'write.delete.mode'='copy-on-write', 'format-version'='2'"
        columns = f"id int, name string, amount decimal(9,2){more}"
        self.sql(f"CREATE TABLE {self.source} ({columns}) USING iceberg TBLPROPERTIES ({properties})")
        self.client = boto3.client("dynamodb")
        created = self.client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.arn = created["TableDescription"]["TableArn"]
        self.args = {"database": "db", "table_name": name, "columns": COLUMNS, "keys": '["id"]', "mirror": "true"}
        self.args |= {"table": name, "table_arn": self.arn}

    def sql(self, statement: str) -> list[Any]:
        return list(self.spark.sql(statement.replace("{t}", self.source)).collect())

    def load(self, **args: str) -> dict[str, Any]:
        given = {**self.args, **args}
        found: dict[str, Any] = self.loading("load").load(self.spark, given, self.loading("items").Items.of(given))
        return found

    def account(self) -> tuple[int, int]:
        """Load; return how many rows were put and how many items deleted."""
        found = self.load()
        return found["put"], found["deleted"]

    def items(self) -> dict[int, tuple[Any, ...]]:
        deserialize = TypeDeserializer().deserialize
        found = [
            {name: deserialize(value) for name, value in item.items()}
            for item in self.client.scan(TableName=self.name)["Items"]
        ]
        return {int(item["id"]): (item.get("name"), item.get("amount")) for item in found}

    def rows(self) -> dict[int, tuple[Any, ...]]:
        return {row.id: (row["name"], row.amount) for row in self.sql("SELECT * FROM {t}")}


@pytest.fixture
def shops(loading: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Shop]]:
    made: list[Shop] = []

    def make(more: str = "") -> Shop:
        made.append(Shop(loading, f"shop{abs(hash(request.node.nodeid)):x}", more))
        return made[-1]

    yield make
    for shop in made:
        shop.sql("DROP TABLE {t} PURGE")
        shop.client.delete_table(TableName=shop.name)


@pytest.fixture
def shop(shops: Callable[..., Shop]) -> Shop:
    found = shops()
    found.sql("INSERT INTO {t} SELECT id, concat('n', id), 1.50 FROM range(60)")
    return found


def test_a_run_puts_what_is_new_and_deletes_what_is_gone_and_nothing_else(shop: Shop) -> None:
    assert shop.account() == (60, 0)
    shop.sql("DELETE FROM {t} WHERE id < 7")
    shop.sql("UPDATE {t} SET name = 'changed' WHERE id = 9")
    shop.sql("INSERT INTO {t} VALUES (100, null, 2.25)")
    assert shop.account() == (2, 7)
    assert shop.items() == shop.rows()


def test_a_run_after_which_nothing_was_committed_writes_nothing(shop: Shop) -> None:
    shop.load()
    assert shop.account() == (0, 0)
    assert shop.items() == shop.rows()


def test_compaction_writes_nothing(shop: Shop) -> None:
    shop.load()
    shop.sql("INSERT INTO {t} VALUES (100, 'x', 1)")
    shop.sql(
        f"CALL glue_catalog.system.rewrite_data_files(table => 'db.{shop.name}', options => map('rewrite-all','true'))"
    )
    assert shop.account() == (1, 0)


def test_the_first_run_deletes_what_the_table_never_had(shop: Shop) -> None:
    for number in (5, 500):
        shop.client.put_item(TableName=shop.name, Item={"id": {"N": str(number)}})
    assert shop.account() == (60, 1)
    assert shop.items() == shop.rows()


def test_without_a_mirror_every_row_is_put_and_nothing_deleted_whatever_a_mirror_noted(shop: Shop) -> None:
    shop.load()
    shop.sql("INSERT INTO {t} VALUES (100, 'x', 1)")
    assert (shop.load(mirror="false")["put"], shop.load(mirror="false")["deleted"]) == (61, 0)
    shop.sql("DELETE FROM {t} WHERE id = 100")
    assert shop.load(mirror="false")["deleted"] == 0
    assert shop.account() == (60, 1)


EXPIRE = "CALL glue_catalog.system.expire_snapshots(table => 'db.{n}', older_than => TIMESTAMP '2100-01-01')"
MERGE_ON_READ = "ALTER TABLE {t} SET TBLPROPERTIES ('write.delete.mode'='merge-on-read')"


@pytest.mark.parametrize(
    ("before", "after"),
    [([], [EXPIRE]), ([MERGE_ON_READ], []), (["ALTER TABLE {t} ADD COLUMN tags map<string,string>"], [])],
    ids=["expired", "delete files", "maps"],
)
def test_where_iceberg_tells_no_changes_keys_are_compared(shop: Shop, before: list[str], after: list[str]) -> None:
    shop.load()
    for statement in [*before, "DELETE FROM {t} WHERE id IN (3, 4)", "UPDATE {t} SET name = 'x' WHERE id = 5", *after]:
        shop.sql(statement.replace("{n}", shop.name))
    assert shop.account() == (58, 2)
    assert shop.items() == shop.rows()


def test_a_table_that_was_rolled_back_loses_what_was_loaded_since(shop: Shop) -> None:
    before = shop.load()["snapshot"]
    shop.sql("INSERT INTO {t} VALUES (100, 'x', 1)")
    shop.load()
    shop.sql(f"CALL glue_catalog.system.rollback_to_snapshot('db.{shop.name}', {before})")
    assert shop.account() == (60, 1)
    assert shop.items() == shop.rows()


def test_rows_that_are_written_otherwise_are_all_put_again(shop: Shop) -> None:
    shop.load()
    assert shop.load(time_to_live="expires")["put"] == 60


def test_a_table_of_files_is_compared_by_its_keys(shop: Shop, loading: Any) -> None:
    shop.load()
    nothing = {"source": "s3://lake/nothing/"}
    args = {name: value for name, value in shop.args.items() if name != "table_name"} | nothing
    found = loading("load").load(shop.spark, args, loading("items").Items.of(args))
    assert (found["put"], found["deleted"], shop.items()) == (0, 60, {})


def test_two_rows_of_a_key_change_nothing(shop: Shop, loading: Any) -> None:
    shop.load()
    shop.sql("INSERT INTO {t} VALUES (7, 'again', 1), (8, 'again', 1)")
    shop.sql("DELETE FROM {t} WHERE id = 1")
    with pytest.raises(loading("errors").LoadError, match="2 rows have the id of another row"):
        shop.load()
    assert len(shop.items()) == 60


def test_items_are_the_rows_after_any_history_of_changes_and_kills(
    shop: Shop, loading: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance, items = random.Random(3), loading("items").Items
    changes: list[Callable[[int], str]] = [
        lambda n: f"INSERT INTO {{t}} VALUES ({200 + n}, 'new', {n})",
        lambda n: f"DELETE FROM {{t}} WHERE id % 11 = {n % 11}",
        lambda n: f"UPDATE {{t}} SET name = 'v{n}' WHERE id % 7 = {n % 7}",
    ]
    killed = 0
    for number in range(8):
        shop.sql(chance.choice(changes)(number))
        if chance.random() < 0.4:
            with monkeypatch.context() as patch:
                place = chance.choice(["note", "prepare", "noted"])
                patch.setattr(items, place, _killed)
                with pytest.raises(KeyboardInterrupt):
                    shop.load()
                killed += 1
            shop.sql(chance.choice(changes)(number + 50))
        shop.load()
        assert shop.items() == shop.rows()
    assert killed > 1


def test_a_run_that_is_killed_between_its_writes_is_followed_by_a_comparison(
    shop: Shop, loading: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.load()
    kept = shop.rows()[9]
    shop.sql("INSERT INTO {t} VALUES (100, 'ghost', 1)")
    shop.sql("UPDATE {t} SET name = 'passing' WHERE id = 9")
    items = loading("items").Items
    with monkeypatch.context() as patch:
        # The rows are put; the deletions and the note are missing.
        patch.setattr(loading("load"), "_keys", _killed)
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    assert {key: shop.items()[key][0] for key in (100, 9)} == {100: "ghost", 9: "passing"}
    shop.sql("DELETE FROM {t} WHERE id = 100")
    shop.sql(f"UPDATE {{t}} SET name = '{kept[0]}' WHERE id = 9")
    assert items.of(shop.args).noted() is None
    assert shop.account() == (60, 1)
    assert shop.items() == shop.rows()


def _killed(*_: Any) -> Any:
    raise KeyboardInterrupt
