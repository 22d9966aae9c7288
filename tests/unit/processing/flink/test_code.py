"""Code of Flink applications: what is packed, what options follow, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import aws_cdk as cdk
import pytest

from lake_blueprints.processing.flink import BoundCode, JavaApplication, PythonApplication
from tests.support import warnings_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an application, and a jar beside it."""
    (tmp_path / "app" / "modules" / "__pycache__").mkdir(parents=True)
    (tmp_path / "app" / ".venv").mkdir()
    for name in ("main.py", "modules/parts.py", "modules/__pycache__/parts.pyc", ".venv/secret", ".env"):
        (tmp_path / "app" / name).write_text(name)
    (tmp_path / "kinesis.jar").write_bytes(b"jar")
    return tmp_path


def packed(stack: cdk.Stack, bound: BoundCode) -> list[str]:
    app = stack.node.root
    assert isinstance(app, cdk.App)
    folder = Path(app.synth().directory)
    with zipfile.ZipFile(folder / bound.asset.asset_path) as archive:
        return archive.namelist()


def test_packs_the_folder_and_the_connectors_into_one_file(stack: cdk.Stack, folder: Path) -> None:
    code = PythonApplication(path=folder / "app", connectors=[folder / "kinesis.jar"], py_files="modules/")
    bound = code.bind(stack)
    assert bound.options == {"python": "main.py", "jarfile": "lib/kinesis.jar", "pyFiles": "modules/"}
    assert packed(stack, bound) == ["lib/kinesis.jar", "main.py", "modules/parts.py"]
    assert warnings_of(stack) == []


def test_the_same_folder_is_the_same_asset_wherever_it_lies(stack: cdk.Stack, folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    (copy / "modules").mkdir(parents=True)
    for name in ("main.py", "modules/parts.py"):
        (copy / name).write_text(name)
    one, other = (PythonApplication(path=path) for path in (folder / "app", copy))
    hashes = {code.bind(cdk.Stack(stack, name)).asset.asset_hash for code, name in ((one, "One"), (other, "Other"))}
    assert len(hashes) == 1


def test_takes_the_jar_that_lies_in_the_folder(stack: cdk.Stack, folder: Path) -> None:
    (folder / "app" / "lib").mkdir()
    (folder / "app" / "lib" / "own.jar").write_bytes(b"jar")
    assert PythonApplication(path=folder / "app").bind(stack).options["jarfile"] == "lib/own.jar"
    with pytest.raises(ValueError, match=r"loads one jar .*, got lib/kinesis.jar, lib/own.jar; build one"):
        PythonApplication(path=folder / "app", connectors=[folder / "kinesis.jar"])


def test_says_at_synth_that_there_is_no_connector(stack: cdk.Stack, folder: Path) -> None:
    assert "jarfile" not in PythonApplication(path=folder / "app").bind(stack).options
    (warning,) = warnings_of(stack)
    assert "has no jar of connectors" in warning
    assert "[ack: lake-blueprints:flink:connector]" in warning


def test_a_jar_needs_no_options(stack: cdk.Stack, folder: Path) -> None:
    bound = JavaApplication(jar=folder / "kinesis.jar").bind(stack)
    assert (bound.options, bound.properties, bound.reads, bound.writes) == ({}, {}, (), ())
    assert bound.asset.s3_object_key.endswith(".jar")


def test_refuses_what_could_not_run(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"needs a 'main.py'; there is none in"):
        PythonApplication(path=folder)
    with pytest.raises(ValueError, match=r"'connectors' must name jar files that are there, got '.*lost.jar'"):
        PythonApplication(path=folder / "app", connectors=[folder / "lost.jar"])
    with pytest.raises(ValueError, match=r"'py_files' must be a folder or file of '.*app', got 'lost/'"):
        PythonApplication(path=folder / "app", py_files="lost/")
    with pytest.raises(ValueError, match=r"'jar' must name jar files that are there, got '.*main.py'"):
        JavaApplication(jar=folder / "app" / "main.py")
