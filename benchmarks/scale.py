"""Scaling: seconds of synth per dataset and of loading contracts, from ten datasets to a thousand."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk

from benchmarks.measure import Command, measure
from lake_blueprints.contracts import Contract, Dataset
from lake_blueprints.lake import DataLake, Shards

ROOT = Path(__file__).parents[1]
COLUMNS = 20
SHARDS = 100


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Measurements of a lake with so many datasets, each in a contract of its own."""

    datasets: int
    load_seconds: float
    synth_seconds: float
    stacks: int
    resources: int
    largest: int


def compare(sizes: Sequence[int]) -> list[Scale]:
    """Measure each size in a process of its own."""
    return [_measure(size) for size in sizes]


def _measure(size: int) -> Scale:
    command = Command(argv=[sys.executable, "-m", "benchmarks.scale", str(size)], cwd=ROOT, environment={})
    return Scale(**json.loads(measure(command).output.strip().splitlines()[-1]))


def main(count: int, folder: Path) -> None:
    for number in range(count):
        (folder / f"dataset_{number}.odcs.yaml").write_text(contract(number), encoding="utf-8")
    started = time.monotonic()
    datasets = [dataset for path in sorted(folder.glob("*.yaml")) for dataset in Contract.from_file(path).datasets]
    loaded = time.monotonic()
    sizes = synthesise(datasets, folder)
    found = Scale(
        datasets=count,
        load_seconds=loaded - started,
        synth_seconds=time.monotonic() - loaded,
        stacks=len(sizes),
        resources=sum(sizes),
        largest=max(sizes),
    )
    json.dump(vars(found), sys.stdout)


def synthesise(datasets: list[Dataset], folder: Path) -> list[int]:
    """Synthesise a lake and return the number of resources in each of its stacks."""
    app = cdk.App(builtin_cloud_formation_validation=False, analytics_reporting=False, outdir=str(folder / "cdk.out"))
    DataLake(cdk.Stack(app, "Big"), "Lake", datasets=datasets, shards=Shards(count=SHARDS))
    stacks = app.synth().stacks_recursively
    return [len(json.loads(Path(stack.template_full_path).read_text())["Resources"]) for stack in stacks]


def contract(number: int) -> str:
    """Return a contract of one dataset with a key and a constraint for every column."""
    columns = "".join(
        f"""
      - name: column_{column}
        logicalType: {"string" if column % 2 else "integer"}
        description: Column {column} of dataset {number}.
        primaryKey: {str(column == 0).lower()}
        logicalTypeOptions:
          {"maxLength: 200" if column % 2 else "minimum: 0"}"""
        for column in range(COLUMNS)
    )
    return f"""apiVersion: v3.0.2
kind: DataContract
id: dataset-{number}
version: 1.0.0
status: active
schema:
  - name: dataset_{number}
    logicalType: object
    physicalType: table
    properties:{columns}
"""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(int(sys.argv[1]), Path(temporary))
