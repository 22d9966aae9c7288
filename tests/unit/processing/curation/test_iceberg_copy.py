"""The masked copy of an Iceberg table on real Spark: it is the table, masked, after each run, whatever came between."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import duckdb
import pytest

from tests.unit.processing.curation.test_curate import balance, column, part, plan
from tests.unit.processing.curation.test_iceberg import create, name, rows, sql
from tests.unit.processing.curation.test_masking import SALT, hashed

KINDS = {"id": "bigint", "name": "string", "born": "date", "seat": "string", "version": "int", "month": "int"}
HASHED_KEY = {"id": "hash", "name": "redact", "born": "redact"}
PLAIN_KEY = {"name": "hash", "born": "redact"}
NO_KEY = {"id": "drop", "name": "redact", "born": "redact"}


class Masked:
    """A lake with a table, its copy and a salt."""

    def __init__(self, lake: Any, masking: dict[str, str], **keep: Any) -> None:
        self.lake = lake
        self.secret = boto3.client("secretsmanager").create_secret(Name=lake.name, SecretString=SALT)["ARN"]
        create(lake, ", ".join(f"{column} {kind}" for column, kind in KINDS.items()))
        self.mask(masking, **keep)
        properties = "'write.merge.mode'='copy-on-write', 'format-version'='2'"
        columns = ", ".join(f"{column} {kind}" for column, kind in self.kinds().items())
        sql(f"CREATE TABLE {self.copy} ({columns}) USING iceberg PARTITIONED BY (month) TBLPROPERTIES ({properties})")
        lake.more = ["--masked_database", "db", "--masked_table", f"{lake.name}c", "--salt", self.secret]

    def mask(self, masking: dict[str, str], **keep: Any) -> None:
        self.masking = {column: masking.get(column, "none") for column in KINDS}
        source = [*(column(name, kind) for name, kind in KINDS.items()), column("op")]
        masked = [{"name": name, "type": kind, "masking": self.masking[name]} for name, kind in KINDS.items()]
        self.lake.plan = plan(*source, primary_key=["id"], drop=["op"], masked=masked, **keep)

    def kinds(self) -> dict[str, str]:
        of_copy = {"none": None, "redact": None, "hash": "string"}
        return {
            name: of_copy[self.masking[name]] or kind for name, kind in KINDS.items() if self.masking[name] != "drop"
        }

    def held_by(self, table: str) -> str:
        """Return all values in the data files of a table, those of older snapshots included, and their statistics."""
        files = [str(self.local(uri)) for (uri,) in sql(f"SELECT DISTINCT file_path FROM {table}.all_files")]
        values = duckdb.connect().execute("SELECT * FROM read_parquet($1, union_by_name = true)", [files]).fetchall()
        return repr(values) + repr(sql(f"SELECT readable_metrics FROM {table}.all_files"))

    def local(self, uri: str) -> Path:
        return Path(self.lake.root) / uri.removeprefix("s3://")

    @property
    def copy(self) -> str:
        return f"{name(self.lake)}c"

    def copied(self) -> list[tuple[Any, ...]]:
        return sorted(sql(f"SELECT * FROM {self.copy}"), key=repr)

    def expected(self, salt: str = SALT) -> list[tuple[Any, ...]]:
        """Return the rows of the table, masked in Python."""
        found = []
        for row in sql(f"SELECT * FROM {name(self.lake)}"):
            named = dict(zip(KINDS, row, strict=True))
            found.append(
                tuple(
                    masked(value, self.masking[column], salt)
                    for column, value in named.items()
                    if self.masking[column] != "drop"
                )
            )
        return sorted(found, key=repr)

    def check(self) -> None:
        assert self.copied() == self.expected()
        for table in (name(self.lake), self.copy):
            assert sql(f"SELECT name FROM {table}.refs") == [("main",)]


def masked(value: Any, how: str, salt: str) -> Any:
    if how == "hash":
        return None if value is None else hashed(str(value), salt)
    if how == "redact":
        return None if isinstance(value, dt.date) or value is None else "***"
    return value


@pytest.fixture
def lakes(lake: Any) -> Iterator[Callable[..., Masked]]:
    made: list[Masked] = []

    def make(masking: dict[str, str], **keep: Any) -> Masked:
        made.append(Masked(lake, masking, **keep))
        return made[0]

    yield make
    for one in made:
        sql(f"DROP TABLE {name(lake)} PURGE")
        sql(f"DROP TABLE {one.copy} PURGE")
        boto3.client("secretsmanager").delete_secret(SecretId=one.secret, ForceDeleteWithoutRecovery=True)


NEWEST = {"newest": True, "order_by": "version", "deleted": "op = 'D'"}


def passenger(identity: int, version: int = 1, **more: Any) -> dict[str, Any]:
    found = {"id": identity, "name": f"Ann{version}", "born": "1990-05-31", "seat": "1A", "version": version}
    return {**found, "month": identity % 3, "op": "U", **more}


def test_each_column_is_masked_as_the_plan_says(lakes: Callable[..., Masked]) -> None:
    lake = lakes(HASHED_KEY)
    lake.lake.put("a.json", passenger(1), passenger(2), "not json")
    report = lake.lake.run()
    assert (balance(report), report["masked"]) == ((3, 2, 0, 0, 1), 2)
    assert lake.copied() == sorted([(hashed(str(n)), "***", None, "1A", 1, n) for n in (1, 2)], key=repr)


@pytest.fixture
def rewritten(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the branch of each copy that is written as a whole."""
    found: list[str] = []
    owner = part("iceberg_table").Draft
    original = owner.overwrite

    def noted(self: Any, rows: Any) -> None:
        found.append(self.branch)
        original(self, rows)

    monkeypatch.setattr(owner, "overwrite", noted)
    return found


@pytest.mark.parametrize(("masking", "times"), [(HASHED_KEY, 1), (PLAIN_KEY, 1), (NO_KEY, 4)])
def test_changes_and_deletions_reach_the_copy_by_key_or_it_is_written_again(
    lakes: Callable[..., Masked], rewritten: list[str], masking: dict[str, str], times: int
) -> None:
    lake = lakes(masking, **NEWEST)
    chance, version = random.Random(5), 0
    for batch in range(4):
        changes = []
        for _ in range(15):
            version += 1
            changes.append(passenger(chance.randrange(12), version, op="D" if chance.random() < 0.3 else "U"))
        lake.lake.put(f"{batch}.json", *changes)
        report = lake.lake.run()
        assert report["masked"] == report["curated"]
        lake.check()
    assert len(rewritten) == times


def test_new_rows_are_appended_whatever_becomes_of_the_key(lakes: Callable[..., Masked], rewritten: list[str]) -> None:
    lake = lakes(NO_KEY)
    for number in range(3):
        lake.lake.put(f"{number}.json", passenger(number), passenger(number + 1))
        lake.lake.run()
        lake.check()
    assert len(rewritten) == 1


def test_no_file_of_the_copy_has_ever_held_a_restricted_value(lakes: Callable[..., Masked]) -> None:
    lake = lakes(HASHED_KEY, **NEWEST)
    lake.lake.put("a.json", passenger(7007007, name="Qwyjibo"), passenger(8008008, name="Xanadoo"))
    lake.lake.run()
    lake.lake.put("b.json", passenger(7007007, 2, name="Vexilla"), passenger(8008008, 2, op="D"))
    lake.lake.run()
    held = lake.held_by(lake.copy)
    assert "1A" in held
    assert not [secret for secret in ("7007007", "8008008", "Qwyjibo", "Xanadoo", "Vexilla", "1990") if secret in held]
    # That the search finds what is there:
    assert "Qwyjibo" in lake.held_by(name(lake.lake))


# --- kills ------------------------------------------------------------------------------------------------------

# What a run does to the table, to the copy and to the ledger, in its order.
DEEDS = ["begin", "merge", "publish", "begin", "merge", "publish", "finish"]


def test_a_run_killed_at_any_step_is_repaired_by_the_next(
    lakes: Callable[..., Masked], script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lakes(HASHED_KEY, **NEWEST)
    lake.lake.put("a.json", *(passenger(number) for number in range(4)))
    lake.lake.run()
    for deed in range(len(DEEDS) + 1):
        version = deed + 2
        changed, deleted = passenger(1, version), passenger(2, version, op="U" if deed % 2 else "D")
        lake.lake.put(f"{deed}.json", changed, deleted, passenger(3, 0), passenger(10 + deed), {"id": "x"})
        with monkeypatch.context() as patch:
            done = stop_before(patch, deed)
            with pytest.raises(KeyboardInterrupt):
                lake.lake.run()
        assert done == DEEDS[:deed]
        lake.lake.run()
        lake.check()
        kept = [(0, 1), (1, version), *([(2, version)] if deed % 2 else []), (3, 1)]
        new = [(10 + number, 1) for number in range(deed + 1)]
        assert rows(lake.lake, "id, version") == sorted([*kept, *new], key=repr)
        found = [(balance(report), report["masked"]) for report in lake.lake.reports() if report["read"]]
        assert found == [((4, 4, 0, 0, 0), 4), *[((5, 3, 1, 0, 1), 3)] * (deed + 1)]


def stop_before(monkeypatch: pytest.MonkeyPatch, deed: int) -> list[str]:
    """Make the next run stop before its nth deed, as a kill does; return the deeds that are done."""
    done: list[str] = []
    draft, ledger = part("iceberg_table").Draft, part("ledger").Ledger
    for owner, method in ((draft, "begin"), (draft, "merge"), (draft, "publish"), (ledger, "finish")):
        original = getattr(owner, method)

        def counted(*arguments: Any, original: Any = original, method: str = method) -> None:
            if len(done) == deed:
                raise KeyboardInterrupt(method)
            original(*arguments)
            done.append(method)
            if len(done) == deed == len(DEEDS):
                raise KeyboardInterrupt(method)

        monkeypatch.setattr(owner, method, counted)
    return done


@pytest.mark.parametrize("killed", ["before", "after"])
def test_a_first_copy_that_is_killed_is_made_by_the_next_run(
    lakes: Callable[..., Masked], script: ModuleType, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    lake = lakes(NO_KEY)
    lake.lake.put("a.json", passenger(1), passenger(2))
    owner = part("iceberg_table").Draft
    original = owner.overwrite

    def stop(*arguments: Any) -> None:
        if killed == "after":
            original(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, "overwrite", stop)
    with pytest.raises(KeyboardInterrupt):
        lake.lake.run()
    monkeypatch.undo()
    lake.lake.run()
    lake.check()
    assert [balance(report) for report in lake.lake.reports()] == [(2, 2, 0, 0, 0)]


def test_a_run_that_begins_while_another_writes_the_copy_does_that_for_it(
    lakes: Callable[..., Masked], script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lakes(PLAIN_KEY)
    lake.lake.put("a.json", passenger(1))
    lake.lake.run()
    owner = part("iceberg_table").Draft
    original = owner.publish
    ran: list[Any] = []

    def beside(self: Any, noted: Any) -> None:
        if "lake.curation.source" in noted and not ran:
            ran.append(None)
            lake.lake.run()
        original(self, noted)

    monkeypatch.setattr(owner, "publish", beside)
    lake.lake.put("b.json", passenger(2), passenger(3))
    # Both note the same in the ledger, so that the first has nothing to complain of.
    lake.lake.run()
    lake.check()
    assert len(lake.copied()) == 3
    assert [balance(report) for report in lake.lake.reports() if report["read"]] == [(1, 1, 0, 0, 0), (2, 2, 0, 0, 0)]


def test_a_replay_whose_copy_fails_is_ended_by_the_next_run(
    lakes: Callable[..., Masked], script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = lakes(PLAIN_KEY)
    del lake.lake.plan["primary_key"]
    lake.lake.plan["columns"][3]["enum"] = ["2B"]
    lake.lake.put("a.json", passenger(1))
    lake.lake.run()
    del lake.lake.plan["columns"][3]["enum"]
    owner = part("iceberg_copy").IcebergCopy
    original = owner.catch_up

    def fail(self: Any) -> None:
        if rows(lake.lake):
            raise ValueError("S3 is not there")
        original(self)

    monkeypatch.setattr(owner, "catch_up", fail)
    with pytest.raises(ValueError, match="S3 is not there"):
        lake.lake.run("--replay", "true")
    monkeypatch.undo()
    lake.lake.run("--replay", "true")
    lake.check()
    assert len(lake.copied()) == 1
    assert lake.lake.refused() == []


# --- what others do to the tables -------------------------------------------------------------------------------


BY_OTHERS = [
    "DELETE FROM {table} WHERE id = 1",
    "UPDATE {table} SET name = 'Eve' WHERE id = 2",
    "CALL glue_catalog.system.rewrite_data_files(table => '{table}', options => map('rewrite-all', 'true'))",
    "INSERT INTO {table} SELECT * FROM {table} WHERE id = 3",
    "INSERT INTO {table} SELECT * FROM {table}; UPDATE {table} SET name = 'Zoe' WHERE version = 1",
    "INSERT OVERWRITE {table} SELECT DISTINCT * FROM {table} WHERE id > 2",
    "DELETE FROM {table} WHERE id = 4; "
    "CALL glue_catalog.system.expire_snapshots(table => '{table}', older_than => TIMESTAMP '2100-01-01 00:00:00')",
    "ALTER TABLE {table} SET TBLPROPERTIES ('write.delete.mode'='merge-on-read'); DELETE FROM {table} WHERE id = 5",
]


@pytest.mark.parametrize("masking", [HASHED_KEY, NO_KEY])
def test_what_others_do_to_the_table_reaches_the_copy(lakes: Callable[..., Masked], masking: dict[str, str]) -> None:
    lake = lakes(masking)
    lake.lake.put("a.json", *(passenger(number) for number in range(9)))
    lake.lake.run()
    for statements in BY_OTHERS:
        for statement in statements.format(table=name(lake.lake)).split("; "):
            sql(statement)
        lake.lake.run()
        lake.check()
    lake.lake.put("b.json", passenger(11))
    lake.lake.run()
    lake.check()
    assert len(lake.copied()) == 5


def test_rows_that_others_take_from_the_copy_come_back_with_the_next_batch(lakes: Callable[..., Masked]) -> None:
    lake = lakes(PLAIN_KEY)
    lake.lake.put("a.json", passenger(1), passenger(2))
    lake.lake.run()
    sql(f"DELETE FROM {lake.copy} WHERE id = 1")
    lake.lake.put("b.json", passenger(3))
    lake.lake.run()
    lake.check()


# --- rules that change ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("killed", [False, True])
def test_a_column_that_becomes_restricted_is_masked_in_old_rows_and_gone_from_old_snapshots(
    lakes: Callable[..., Masked], script: ModuleType, monkeypatch: pytest.MonkeyPatch, *, killed: bool
) -> None:
    lake = lakes({"born": "redact"})
    lake.lake.put("a.json", passenger(1, name="Qwyjibo"))
    lake.lake.run()
    (file,) = [path for (path,) in sql(f"SELECT file_path FROM {lake.copy}.files")]
    lake.mask({"born": "redact", "name": "redact"})
    if killed:
        monkeypatch.setattr(part("iceberg_table").IcebergTable, "expire_snapshots", kill)
        with pytest.raises(KeyboardInterrupt):
            lake.lake.run()
        monkeypatch.undo()
    lake.lake.run()
    lake.check()
    assert "Qwyjibo" not in lake.held_by(lake.copy)
    assert not lake.local(file).exists()


def kill(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_restricted_column_that_the_contract_gets_later_reaches_both_tables(lakes: Callable[..., Masked]) -> None:
    lake = lakes(HASHED_KEY, **NEWEST)
    lake.lake.put("a.json", passenger(1))
    lake.lake.run()
    for table in (name(lake.lake), lake.copy):
        sql(f"ALTER TABLE {table} ADD COLUMN phone string")
    lake.lake.plan["columns"].append(column("phone"))
    lake.lake.plan["masked"].append({"name": "phone", "type": "string", "masking": "redact"})
    # At once, and with the next records.
    lake.lake.run()
    assert sql(f"SELECT version, phone FROM {lake.copy}") == [(1, "***")]
    lake.lake.put("b.json", passenger(1, 2, phone="555"))
    lake.lake.run()
    assert sql(f"SELECT version, phone FROM {lake.copy}") == [(2, "***")]
    assert sql(f"SELECT version, phone FROM {name(lake.lake)}") == [(2, "555")]


def test_another_salt_hashes_old_rows_again(lakes: Callable[..., Masked]) -> None:
    lake = lakes(HASHED_KEY)
    lake.lake.put("a.json", passenger(1))
    lake.lake.run()
    boto3.client("secretsmanager").put_secret_value(SecretId=lake.secret, SecretString="another")
    lake.lake.run()
    assert lake.copied() == lake.expected("another")


def test_a_table_that_had_no_copy_is_copied_as_a_whole(lakes: Callable[..., Masked]) -> None:
    lake = lakes(HASHED_KEY, **NEWEST)
    copying, lake.lake.more = lake.lake.more, []
    lake.lake.put("a.json", passenger(1), passenger(2))
    assert lake.lake.run()["masked"] is None
    lake.lake.more = copying
    lake.lake.run()
    lake.check()


def test_a_copy_that_lacks_a_column_of_the_contract_is_refused_before_anything_is_read(
    lakes: Callable[..., Masked],
) -> None:
    lake = lakes({"seat": "drop"})
    lake.mask({"name": "hash"})
    lake.lake.put("a.json", passenger(1))
    with pytest.raises(Exception, match=r"table db\..*c has no column 'seat'; deploy the table's stack first"):
        lake.lake.run()
