"""The zip file in which Glue gets the modules of the script."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.processing.curation.script_package import curation_script, zipped


def package(folder: Path, names: list[str], age: int) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(f"NAME = {name!r}\n")
        os.utime(folder / name, (age, age))
    return folder


def test_the_same_modules_make_the_same_bytes_wherever_and_whenever_they_were_written(tmp_path: Path) -> None:
    one = package(tmp_path / "one" / "parts", ["__init__.py", "b.py", "a.py"], age=1_000_000_000)
    other = package(tmp_path / "other" / "parts", ["a.py", "__init__.py", "b.py"], age=2_000_000_000)
    (other / "a.py").chmod(0o755)
    (other / "__pycache__").mkdir()
    (other / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    assert zipped(one) == zipped(other)


def test_it_holds_the_package_under_its_name(tmp_path: Path) -> None:
    content = zipped(package(tmp_path / "parts", ["a.py", "__init__.py"], age=0))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["parts/__init__.py", "parts/a.py"]
        assert archive.read("parts/a.py") == b"NAME = 'a.py'\n"


def test_another_content_makes_other_bytes(tmp_path: Path) -> None:
    folder = package(tmp_path / "parts", ["a.py"], age=0)
    before = zipped(folder)
    (folder / "a.py").write_text("NAME = 'b'\n")
    assert zipped(folder) != before


def test_the_jobs_of_a_stack_share_one_script_and_those_of_another_have_theirs() -> None:
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    one, other = cdk.Stack(app, "One"), cdk.Stack(app, "Other")
    assert curation_script(Construct(one, "First")) == curation_script(Construct(one, "Second"))
    assert curation_script(one)[0].s3_object_key == curation_script(other)[0].s3_object_key
    assert curation_script(one)[0] is not curation_script(other)[0]
