"""The trained model in the analytics zone."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any

from examples.demo.errors import DemoError

_OUTPUT = "/output/output.tar.gz"


@dataclass(frozen=True, kw_only=True)
class Model:
    """Metrics of a model on the hold-out, and a sample of its predictions there, as (predicted, actual)."""

    metrics: dict[str, float]
    sample: list[tuple[float, float]]

    def calibration(self, groups: int = 10) -> list[tuple[float, float]]:
        """Return mean prediction and mean truth of equally large groups, from the lowest prediction to the highest."""
        ordered = sorted(self.sample)
        edges = [number * len(ordered) // groups for number in range(groups + 1)]
        parts = [ordered[start:end] for start, end in pairwise(edges) if end > start]
        return [(fmean(p for p, _ in part), fmean(a for _, a in part)) for part in parts]


def read(s3: Any, bucket: str) -> Model:
    """Return the model that was trained last."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    outputs = [item for page in pages for item in page.get("Contents", []) if item["Key"].endswith(_OUTPUT)]
    if not outputs:
        raise DemoError(f"training has left nothing that ends in {_OUTPUT} in the analytics zone")
    newest = max(outputs, key=lambda item: item["LastModified"])
    body = s3.get_object(Bucket=bucket, Key=newest["Key"])["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        metrics = json.loads(_member(archive, "metrics.json"))
        predictions = csv.DictReader(io.StringIO(_member(archive, "predictions.csv").decode()))
        sample = [(float(row["predicted"]), float(row["actual"])) for row in predictions]
    return Model(metrics=metrics, sample=sample)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    for member in archive.getmembers():
        if member.name.removeprefix("./") == name and (file := archive.extractfile(member)):
            return file.read()
    raise DemoError(f"the training output has no {name}")
