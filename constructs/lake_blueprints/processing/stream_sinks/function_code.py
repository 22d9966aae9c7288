"""Code of the functions of stream sinks: their modules, the packages that they import, and the columns they take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.generated_asset import archived, generated_asset
from lake_blueprints.ingestion.kinesis.producer import AGGREGATION

_PACKAGE = Path(__file__).parent / "scripts" / "lake_sinks"


def function_code(
    scope: Construct,
    dataset: Dataset,
    columns: Sequence[Column],
    *,
    required: Sequence[str],
    packages: Sequence[str] = (),
) -> s3_assets.Asset:
    """Return the code of a function that takes columns of a dataset.

    The columns are a file beside the modules: the variables of a function have 4 KB in all.
    """
    files = {f"{_PACKAGE.name}/{module.name}": module.read_bytes() for module in _PACKAGE.glob("*.py")}
    files[AGGREGATION.name] = AGGREGATION.read_bytes()
    needed = {*required, *(column.name for column in columns if column.required)}
    said = {
        "name": dataset.name,
        "types": {column.name: column.type.glue for column in columns},
        "labels": {column.name: column.business_name or column.name for column in columns},
        "required": [column.name for column in columns if column.name in needed],
    }
    files[f"{_PACKAGE.name}/dataset.json"] = json.dumps(said, indent=1).encode()
    for package in packages:
        files.update(_modules_of(package))
    return generated_asset(scope, "Code", name="code.zip", content=archived(files))


def _modules_of(package: str) -> Iterator[tuple[str, bytes]]:
    """Yield the modules and licences of a distribution of pure Python, the same on every machine for a version."""
    try:
        found = distribution(package).files or ()
    except PackageNotFoundError:
        raise ValueError(
            f"the package '{package}' becomes part of the function's code and is not installed; "
            f"pip install 'lake-blueprints[{package}]'"
        ) from None
    for file in found:
        if file.suffix == ".py" or "licenses" in file.parts:
            yield file.as_posix(), file.read_binary()
