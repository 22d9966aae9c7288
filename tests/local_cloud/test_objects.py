from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from moto.s3.models import s3_backends

from local_cloud.errors import LocalCloudError
from local_cloud.server.objects import Mirror, ObjectStore, split_uri
from local_cloud.server.runtime import Runtime

REGION = "us-east-1"


@pytest.fixture
def s3(runtime: Runtime) -> Any:
    s3 = runtime.client("s3", REGION)
    if "data" not in runtime.objects.buckets():
        s3.create_bucket(Bucket="data")
    yield s3
    for item in s3.list_objects_v2(Bucket="data").get("Contents", []):
        s3.delete_object(Bucket="data", Key=item["Key"])


@pytest.fixture
def objects(runtime: Runtime, s3: Any) -> ObjectStore:
    return runtime.objects


@pytest.fixture
def mirror(objects: ObjectStore, tmp_path: Path) -> Mirror:
    return Mirror(objects, tmp_path)


def test_splits_the_uris_of_every_scheme() -> None:
    assert split_uri("s3a://bucket/a/b c") == ("bucket", "a/b c")
    assert split_uri("s3://bucket") == ("bucket", "")


def test_lists_what_boto3_has_put_without_what_hive_hides(s3: Any, objects: ObjectStore) -> None:
    for key in ("a/1", "a/_SUCCESS", "a/.hidden", "a/folder/", "ab"):
        s3.put_object(Bucket="data", Key=key, Body=b"x")
    assert [item.key for item in objects.list("s3://data/a/")] == ["a/1"]
    assert [item.key for item in objects.list("s3://data/a", hidden=True)] == ["a/1", "a/_SUCCESS", "a/.hidden", "ab"]
    assert list(objects.list("s3://absent/")) == []


def test_a_deleted_object_of_a_versioned_bucket_is_gone(s3: Any, objects: ObjectStore) -> None:
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="versioned", Key="k", Body=b"x")
    assert objects.read("s3://versioned/k") == b"x"
    s3.delete_object(Bucket="versioned", Key="k")
    assert list(objects.list("s3://versioned/")) == []
    assert objects.etag("s3://versioned/k") is None
    with pytest.raises(KeyError):
        objects.read("s3://versioned/k")


def test_push_writes_and_deletes_what_the_program_did(s3: Any, objects: ObjectStore, mirror: Mirror) -> None:
    for key in ("same", "rewritten", "removed", "double//slash"):
        s3.put_object(Bucket="data", Key=key, Body=b"12")
    assert mirror.pull() == 8
    folder = mirror.folders()["data"]
    same = s3.head_object(Bucket="data", Key="same")["LastModified"]
    (folder / "rewritten").write_bytes(b"345")
    (folder / "removed").unlink()
    (folder / "new").mkdir()
    (folder / "new" / "file").write_bytes(b"6")
    (folder / "new" / "_temporary" / "0").mkdir(parents=True)
    (folder / "new" / "_temporary" / "0" / "draft").write_bytes(b"7")

    assert mirror.push() == 3

    found = {item.key: objects.read(item.uri) for item in objects.list("s3://data/", hidden=True)}
    assert found == {"same": b"12", "double//slash": b"12", "rewritten": b"345", "new/file": b"6"}
    assert s3.head_object(Bucket="data", Key="same")["LastModified"] == same


def test_push_leaves_alone_what_changed_in_s3_meanwhile(s3: Any, objects: ObjectStore, mirror: Mirror) -> None:
    for key in ("changed", "deleted", "changed-and-file-removed"):
        s3.put_object(Bucket="data", Key=key, Body=b"old")
    mirror.pull()
    s3.put_object(Bucket="data", Key="changed", Body=b"new")
    s3.put_object(Bucket="data", Key="changed-and-file-removed", Body=b"new")
    s3.delete_object(Bucket="data", Key="deleted")
    (mirror.folders()["data"] / "changed-and-file-removed").unlink()

    assert mirror.push() == 0

    found = {item.key: objects.read(item.uri) for item in objects.list("s3://data/")}
    assert found == {"changed": b"new", "changed-and-file-removed": b"new"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [(("a", "a/b"), "another key is a folder of the same name"), (("../up",), "leaves the bucket's folder")],
)
def test_refuses_keys_that_cannot_be_files(s3: Any, mirror: Mirror, keys: tuple[str, ...], message: str) -> None:
    for key in keys:
        s3.put_object(Bucket="data", Key=key, Body=b"x")
    with pytest.raises(LocalCloudError, match=message):
        mirror.pull()


def test_refuses_a_key_that_begins_where_the_machines_files_do(
    runtime: Runtime, s3: Any, mirror: Mirror, tmp_path: Path
) -> None:
    runtime.objects.write(f"s3://data/{tmp_path}/planted", b"x")
    with pytest.raises(LocalCloudError, match="leaves the bucket's folder"):
        mirror.pull()
    assert not (tmp_path / "planted").exists()


def test_a_key_without_any_version_is_not_listed(runtime: Runtime) -> None:
    objects = runtime.objects
    runtime.client("s3", "us-east-1").create_bucket(Bucket="versions")
    objects.write("s3://versions/kept", b"1")
    objects.write("s3://versions/going", b"1")
    keys = s3_backends[runtime.account]["aws"].buckets["versions"].keys
    versions = keys.getlist("going")
    # What moto leaves for a moment while it deletes a version.
    keys.setlist("going", [])
    assert [item.key for item in objects.list("s3://versions/")] == ["kept"]
    keys.setlist("going", versions)
