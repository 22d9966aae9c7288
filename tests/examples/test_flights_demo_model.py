"""The demo's model: reading what training wrote, and its calibration."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from examples.demo.errors import DemoError
from examples.flights import model
from examples.flights.model import Model


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="analytics")
        yield client


def _archive(**files: str) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "."))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    return body.getvalue()


def test_reads_metrics_and_sample(s3: Any) -> None:
    files = {"metrics__json": json.dumps({"holdout_mae": 20.5}), "predictions__csv": "actual,predicted\n10,8.5\n-3,1\n"}
    s3.put_object(Bucket="analytics", Key="models/job/output/output.tar.gz", Body=_archive(**files))
    found = model.read(s3, "analytics")
    assert found == Model(metrics={"holdout_mae": 20.5}, sample=[(8.5, 10.0), (1.0, -3.0)])


def test_says_if_training_left_nothing(s3: Any) -> None:
    with pytest.raises(DemoError, match=r"training has left nothing that ends in /output/output\.tar\.gz"):
        model.read(s3, "analytics")


def test_says_what_an_archive_lacks(s3: Any) -> None:
    s3.put_object(Bucket="analytics", Key="models/job/output/output.tar.gz", Body=_archive(other="x"))
    with pytest.raises(DemoError, match=r"the training output has no metrics\.json"):
        model.read(s3, "analytics")


def test_calibration_groups_by_prediction() -> None:
    # Sorted by prediction: (1, 10) (2, 30) | (3, 0) (5, 4).
    found = Model(metrics={}, sample=[(3.0, 0.0), (1.0, 10.0), (5.0, 4.0), (2.0, 30.0)])
    assert found.calibration(groups=2) == [(1.5, 20.0), (4.0, 2.0)]


def test_calibration_of_few_points_has_a_group_for_each() -> None:
    assert Model(metrics={}, sample=[(2.0, 1.0), (1.0, 3.0)]).calibration() == [(1.0, 3.0), (2.0, 1.0)]
