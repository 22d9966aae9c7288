"""The script's packages on Python's path, as `--extra-py-files` puts them, for Spark's workers as well."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

import lake_blueprints.processing.curation
import lake_blueprints.processing.item_load.table_load
from lake_blueprints.processing.curation.script_package import zipped

PACKAGES = [
    Path(str(lake_blueprints.processing.curation.__file__)).parent / "scripts" / "lake_curation",
    Path(str(lake_blueprints.processing.item_load.table_load.__file__)).parent / "scripts" / "lake_load",
]


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, found = tmp_path_factory.mktemp("packages"), []
    for package in PACKAGES:
        found.append(folder / f"{package.name}.zip")
        found[-1].write_bytes(zipped(package))
        sys.path.insert(0, str(found[-1]))
    return found


@pytest.fixture(scope="session")
def part(archives: list[Path]) -> Callable[[str], Any]:
    """Return a module of the package by its name."""
    return lambda name: import_module(f"lake_load.{name}")


@pytest.fixture
def loading(cloud: Path, archives: list[Path], part: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a module of the package by its name; Spark's workers know it too, whichever session runs by now."""
    for archive in archives:
        SparkSession.builder.getOrCreate().sparkContext.addPyFile(str(archive))
    return part
