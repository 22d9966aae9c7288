"""Objects of persons in S3: which versions go, what replaces them, and what the ledger of curation says of it."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import lake_blueprints.processing.curation
import lake_blueprints.processing.erasure

SCRIPTS = [
    Path(str(one.__file__)).parent / "scripts"
    for one in (lake_blueprints.processing.erasure, lake_blueprints.processing.curation)
]


class Bucket:
    """A versioned bucket, and the script's modules."""

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket="lake")
        self.s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})

    def module(self, name: str) -> Any:
        return import_module(f"lake_erasure.{name}")

    def put(self, key: str, *bodies: bytes | None, **options: Any) -> None:
        """Put versions, the oldest first; None deletes the object."""
        for body in bodies:
            if body is None:
                self.s3.delete_object(Bucket="lake", Key=key)
            else:
                self.s3.put_object(Bucket="lake", Key=key, Body=body, **options)

    def erase(self, key: str = "a", **place: Any) -> tuple[dict[str, int], list[tuple[str, Any]]]:
        """Erase the person a, and return the counts and all unreadable objects."""
        objects = self.module("objects")
        described = {"name": "n", "kind": "records", "uri": "s3://lake/r/", "format": "json", **place}
        keys = self.module("subject_keys").SubjectKeys.of([key], "string")
        search = objects.Search(place=self.module("place").Place(**described), wanted=[(["who"], keys)])
        found = list(objects.find(self.listed(), search, "us-east-1"))
        done = objects.erase([one.versions for one in found if not one.unreadable], search, "us-east-1")
        counts = sum((counts for _, _, counts in done), start=self.module("objects").Counter())
        return dict(counts), [(one.versions.key, one.unreadable) for one in found if one.unreadable]

    def listed(self) -> list[Any]:
        return list(self.module("versions").versions_below("lake", "r/"))

    def left(self) -> list[tuple[str, bytes | None]]:
        """Return all versions, the newest first, with None for a delete marker."""
        return [
            (one.key, None if version.marker else self._body(version)) for one in self.listed() for version in one.all
        ]

    def _body(self, version: Any) -> bytes:
        found: bytes = self.s3.get_object(Bucket="lake", Key=version.key, VersionId=version.id)["Body"].read()
        return found


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*map(str, SCRIPTS), *sys.path])
    with mock_aws():
        yield


A, B, BOTH = b'{"who": "a"}\n', b'{"who": "b"}\n', b'{"who": "a"}\n{"who": "b"}\n'


def test_an_object_is_rewritten_and_every_older_version_goes() -> None:
    bucket = Bucket()
    bucket.put("r/x", B, A, BOTH)
    assert bucket.erase() == ({"rows_removed": 1, "objects_rewritten": 1, "versions_removed": 3}, [])
    assert bucket.left() == [("r/x", B)]


def test_an_object_of_which_nothing_is_left_goes_with_its_markers() -> None:
    bucket = Bucket()
    bucket.put("r/x", BOTH, None, A)
    assert bucket.erase() == ({"rows_removed": 1, "objects_removed": 1, "versions_removed": 3}, [])
    assert bucket.left() == []


def test_of_an_object_that_does_not_hold_the_person_only_the_versions_that_did_go() -> None:
    bucket = Bucket()
    bucket.put("r/x", A, B, BOTH, B)
    assert bucket.erase() == ({"versions_removed": 2}, [])
    assert bucket.left() == [("r/x", B), ("r/x", B)]


def test_the_versions_of_a_deleted_object_go_and_then_its_marker() -> None:
    bucket = Bucket()
    bucket.put("r/x", A, None)
    bucket.put("r/y", B, A, None)
    assert bucket.erase() == ({"versions_removed": 3}, [])
    assert bucket.left() == [("r/y", None), ("r/y", B)]


def test_what_a_producer_said_of_an_object_stays() -> None:
    bucket = Bucket()
    bucket.put("r/x.gz", gzip.compress(BOTH, mtime=0), ContentType="application/json", Metadata={"from": "shop"})
    bucket.erase()
    found = bucket.s3.get_object(Bucket="lake", Key="r/x.gz")
    assert gzip.decompress(found["Body"].read()) == B
    assert (found["ContentType"], found["Metadata"]) == ("application/json", {"from": "shop"})


@pytest.mark.parametrize(
    ("key", "body", "options", "reason"),
    [
        ("r/x.gz", gzip.compress(BOTH, mtime=0)[:-9], {}, "it is damaged gzip"),
        ("r/x.zst", A, {}, "it is compressed by a codec other than gzip"),
        ("r/x", A, {"StorageClass": "GLACIER"}, "it is archived in the storage class GLACIER"),
        ("r/x", A, {"Tagging": "team=shop"}, "it has tags, which a new version would lose"),
        ("r/x", b"PAR1", {}, "it is no text in UTF-8"),
    ],
)
def test_an_object_that_nobody_can_look_into_stays_and_is_said(
    key: str, body: bytes, options: dict[str, Any], reason: str
) -> None:
    bucket = Bucket()
    bucket.put(key, body, **options)
    bucket.put("r/y", BOTH)
    assert bucket.erase() == (
        {"rows_removed": 1, "objects_rewritten": 1, "versions_removed": 1},
        [(key, reason)],
    )


def test_an_archived_object_is_rewritten_once_it_is_restored() -> None:
    bucket = Bucket()
    bucket.put("r/x", BOTH, StorageClass="GLACIER")
    bucket.s3.restore_object(Bucket="lake", Key="r/x", RestoreRequest={"Days": 1})
    assert bucket.erase() == ({"rows_removed": 1, "objects_rewritten": 1, "versions_removed": 1}, [])
    (version,) = bucket.listed()[0].all
    assert version.storage_class == "GLACIER"


@pytest.mark.parametrize("meanwhile", [A + B + A, None])
def test_what_a_producer_writes_or_deletes_meanwhile_is_not_overwritten(meanwhile: bytes | None) -> None:
    bucket = Bucket()
    bucket.put("r/x", BOTH)
    with (
        _before_each_put(bucket, lambda: bucket.put("r/x", meanwhile)),
        pytest.raises(bucket.module("errors").ErasureError, match="s3://lake/r/x was written or deleted while"),
    ):
        bucket.erase()
    assert bucket.left() == [("r/x", meanwhile), ("r/x", BOTH)]


def test_an_object_that_was_written_though_the_answer_was_lost_counts_as_rewritten() -> None:
    bucket = Bucket()
    bucket.put("r/x", BOTH)
    with _before_each_put(bucket, lambda: bucket.put("r/x", B)):
        assert bucket.erase() == ({"rows_removed": 1, "objects_rewritten": 1, "versions_removed": 1}, [])
    assert bucket.left() == [("r/x", B)]


@contextmanager
def _before_each_put(bucket: Bucket, act: Callable[[], None]) -> Iterator[None]:
    """Act when the erasure is about to write, as another client could."""
    replacing = bucket.module("replacing")
    put_over = replacing._put_over

    def act_first(*args: Any) -> Any:
        act()
        return put_over(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replacing, "_put_over", act_first)
        yield


def test_results_in_which_the_key_stands_as_a_word_go_as_a_whole() -> None:
    bucket = Bucket()
    bucket.put("r/1.csv", b'"x","a"\n')
    bucket.put("r/2.csv", b'"x","aa"\n')
    assert bucket.erase(kind="objects", format="") == ({"objects_removed": 1, "versions_removed": 1}, [])
    assert bucket.left() == [("r/2.csv", b'"x","aa"\n')]


def test_the_ledger_takes_a_rewritten_object_for_read_also_if_the_run_is_killed() -> None:
    bucket = Bucket()
    bucket.put("r/x", BOTH)
    storage, ledgers = import_module("lake_curation.storage"), bucket.module("ledgers")
    ledger_of = import_module("lake_curation.ledger").Ledger
    state, source = storage.Location("s3://lake/s/"), storage.Location("s3://lake/r/")
    ledger = ledger_of.load(state)
    with pytest.raises(
        bucket.module("errors").ErasureError, match="1 objects of n hold a person and have not been cur"
    ):
        ledgers.announce("n", [state.uri], [one.current for one in bucket.listed()])
    ledger.finish(source.objects())
    ledger.save(state)
    ledgers.announce("n", [state.uri], [one.current for one in bucket.listed()])
    bucket.erase()
    (found,) = source.objects()
    assert not ledger_of.load(state).is_new(found)
    ledgers.note([state.uri], bucket.listed(), {})
    assert ledger_of.load(state).seen["r/x"][0] == found.etag
    bucket.put("r/x", A)
    assert ledger_of.load(state).is_new(next(iter(source.objects())))


def test_a_curation_that_was_killed_comes_first() -> None:
    bucket = Bucket()
    storage, ledgers = import_module("lake_curation.storage"), bucket.module("ledgers")
    ledger = import_module("lake_curation.ledger").Ledger(watermark=datetime.now(UTC).isoformat(), pending={"keys": []})
    ledger.save(storage.Location("s3://lake/s/"))
    with pytest.raises(bucket.module("errors").ErasureError, match="a run of the curation of n was killed"):
        ledgers.check_idle("n", ["s3://lake/s/"])
