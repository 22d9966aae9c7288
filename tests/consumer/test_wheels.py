"""The three packages as users install them: wheels in clean environments, far from the repository."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.consumer.packages import PACKAGES, UV, installed, run
from tests.support import ROOT


def example_of(readme: str) -> str:
    first, *_ = re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(), re.DOTALL)
    return str(first)


@pytest.fixture(scope="module")
def stranger(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the library and the checks that it needs, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("stranger")
    installed(folder, f"{wheels['lake_blueprints']}[node]", wheels["template_checks"])
    return folder


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_holds_its_package_with_its_types_and_licence_and_nothing_else(
    package: str, wheels: dict[str, Path]
) -> None:
    names = zipfile.ZipFile(wheels[package]).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {package}
    assert f"{package}/py.typed" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_and_source_carry_the_licence_that_they_name(
    package: str, wheels: dict[str, Path], tmp_path: Path
) -> None:
    archive = zipfile.ZipFile(wheels[package])
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()
    run(UV, "build", "--sdist", "--quiet", "--out-dir", tmp_path, ROOT / PACKAGES[package], cwd=tmp_path)
    (source,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(source) as content:
        (inside,) = [name for name in content.getnames() if name.endswith("/LICENSE") and name.count("/") == 1]
        found = content.extractfile(inside)
        assert found is not None
        licence = found.read()
    assert b"Apache License\n                           Version 2.0, January 2004" in licence
    assert archive.read(metadata.replace("METADATA", "licenses/LICENSE")) == licence


def test_the_checks_name_whose_tables_they_ship(wheels: dict[str, Path]) -> None:
    archive = zipfile.ZipFile(wheels["template_checks"])
    (notice,) = [name for name in archive.namelist() if name.endswith("licenses/NOTICE")]
    assert b"Act Security" in archive.read(notice)


def test_the_library_ships_the_scripts_that_run_inside_aws(wheels: dict[str, Path]) -> None:
    names = zipfile.ZipFile(wheels["lake_blueprints"]).namelist()
    for script in ("processing/curation/scripts/curate.py", "machine_learning/training/scripts/train.py"):
        assert f"lake_blueprints/{script}" in names


def test_the_example_of_the_readme_synthesises_outside_the_repository(stranger: Path) -> None:
    (stranger / "flights.odcs.yaml").write_text((ROOT / "examples/flights/contracts/flights.odcs.yaml").read_text())
    (stranger / "app.py").write_text(example_of("README.md"))
    # The only Node on this path is that of the extra `node`.
    run(stranger / "venv/bin/python", "app.py", cwd=stranger, PATH=str(stranger / "venv/bin"), CDK_OUTDIR="out")
    (template,) = (stranger / "out").glob("*.template.json")
    kinds = {resource["Type"] for resource in json.loads(template.read_text())["Resources"].values()}
    assert {"AWS::S3::Bucket", "AWS::Glue::Job", "AWS::KinesisFirehose::DeliveryStream"} <= kinds


def test_the_library_alone_brings_no_engine(stranger: Path) -> None:
    listed = json.loads(
        run(UV, "pip", "list", "--format", "json", "--python", stranger / "venv/bin/python", cwd=stranger)
    )
    assert {package["name"] for package in listed} & {"moto", "pyspark", "duckdb", "boto3", "cfn-lint"} == set()


def test_the_checks_alone_run_the_example_of_their_readme(wheels: dict[str, Path], tmp_path: Path) -> None:
    python = installed(tmp_path, wheels["template_checks"])
    assert "LAKE-KINESIS-002 Stream" in run(python, "-c", example_of("checks/README.md"), cwd=tmp_path)
    assert "lake check --help" in run(tmp_path / "venv/bin/lake", "--help", cwd=tmp_path)


def test_the_local_cloud_alone_runs_the_example_of_its_readme(wheels: dict[str, Path], tmp_path: Path) -> None:
    python = installed(tmp_path, wheels["local_cloud"], wheels["template_checks"])
    assert run(python, "-c", example_of("local/README.md"), cwd=tmp_path).strip() == "['flights']"
    assert "deploy" in run(tmp_path / "venv/bin/local-cloud", "--help", cwd=tmp_path)


def test_contracts_need_no_cdk(stranger: Path) -> None:
    code = "import sys; import lake_blueprints.contracts; print('aws_cdk' in sys.modules)"
    assert run(stranger / "venv/bin/python", "-c", code, cwd=stranger).strip() == "False"


def test_names_of_the_last_release_are_there_with_a_warning(stranger: Path) -> None:
    code = "import lake_blueprints as l; [getattr(l, name) for name in (*l.__all__, *l._MOVED)]; l.Warehouse"
    run(stranger / "venv/bin/python", "-c", code, cwd=stranger)
    code = "import warnings; warnings.simplefilter('error'); import lake_blueprints; lake_blueprints.Warehouse"
    done = subprocess.run(
        [stranger / "venv/bin/python", "-c", code], cwd=stranger, capture_output=True, text=True, check=False
    )
    assert "import Warehouse from lake_blueprints.databases.redshift" in done.stderr
