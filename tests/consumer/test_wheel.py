"""The library as a stranger meets it: a wheel in a clean environment, far from the repository."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support import ROOT

UV = Path(sys.executable).parent / "uv"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command that must succeed, and return what it printed."""
    ours = {"PYTHONPATH", "VIRTUAL_ENV", "JSII_NODE"}
    inherited = {key: value for key, value in os.environ.items() if key not in ours}
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env={**inherited, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--wheel", "--quiet", "--out-dir", folder, ROOT, cwd=folder)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def stranger(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("stranger")
    run(UV, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, f"{wheel}[node]", cwd=folder)
    return folder


def readme_example() -> str:
    (example,) = re.findall(r"```python\n(import aws_cdk.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(example)


def test_the_wheel_holds_the_library_with_its_types_and_scripts_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"lake_blueprints"}
    for needed in ("py.typed", "etl/scripts/curate.py", "training/scripts/train.py"):
        assert f"lake_blueprints/{needed}" in names


def test_the_wheel_and_the_source_carry_the_licence_that_they_name(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    assert "License-Expression: Apache-2.0" in archive.read(metadata).decode()
    folder = tmp_path_factory.mktemp("source")
    run(UV, "build", "--sdist", "--quiet", "--out-dir", folder, ROOT, cwd=folder)
    (source,) = folder.glob("*.tar.gz")
    with tarfile.open(source) as content:
        (inside,) = [name for name in content.getnames() if name.endswith("/LICENSE")]
        found = content.extractfile(inside)
        assert found is not None
        licence = found.read()
    assert b"Apache License\n                           Version 2.0, January 2004" in licence
    assert archive.read(metadata.replace("METADATA", "licenses/LICENSE")) == licence
    assert b"Act Security" in archive.read(metadata.replace("METADATA", "licenses/NOTICE"))


def test_the_example_of_the_readme_synthesises_outside_the_repository(stranger: Path) -> None:
    (stranger / "flights.odcs.yaml").write_text((ROOT / "examples/flights/contracts/flights.odcs.yaml").read_text())
    (stranger / "app.py").write_text(readme_example())
    # The only Node on this path is that of the extra `node`.
    run(stranger / "venv/bin/python", "app.py", cwd=stranger, PATH=str(stranger / "venv/bin"), CDK_OUTDIR="out")
    (template,) = (stranger / "out").glob("*.template.json")
    kinds = {resource["Type"] for resource in json.loads(template.read_text())["Resources"].values()}
    assert {"AWS::S3::Bucket", "AWS::Glue::Job", "AWS::KinesisFirehose::DeliveryStream"} <= kinds


def test_contracts_need_no_cdk(stranger: Path) -> None:
    code = "import sys; import lake_blueprints.contracts; print('aws_cdk' in sys.modules)"
    assert run(stranger / "venv/bin/python", "-c", code, cwd=stranger).strip() == "False"


def test_every_public_name_is_there(stranger: Path) -> None:
    code = "import lake_blueprints as l; [getattr(l, name) for name in l.__all__]; print(len(l.__all__))"
    assert int(run(stranger / "venv/bin/python", "-c", code, cwd=stranger)) > 30
