"""`make new-capability`: what it writes passes the conformance suite, with no edit anywhere else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.anatomy import missing, write
from tests.support import ROOT

COPIED = ("constructs", "docs", "examples", "tests")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "end_to_end", "local_cloud", "template_checks", "node_modules")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the library and its tests, beside the rest of the repository."""
    for name in COPIED:
        # Of the two packages of the same names nothing is copied: they are imported from here.
        shutil.copytree(ROOT / name, tmp_path / name, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


def run(root: Path, *command: str) -> str:
    paths = [root / "constructs", ROOT / "local", ROOT / "checks", root]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_capability_passes_the_conformance_suite(copy: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*.py")}
    write("analytics", "query_costs", copy)
    assert missing("analytics/query_costs", copy) == []
    run(copy, "tests.conformance.pages", "analytics/query_costs")
    # Its snapshot is new, and accepted with the first run.
    folders = ("tests/conformance", "tests/unit/foundation/test_arguments.py", "tests/unit/analytics/query_costs")
    tests = (*folders, "-k", "QueryCosts or query_costs")
    said = run(copy, "pytest", *tests, "-p", "no:cacheprovider", "--snapshot-update", "-vv")
    for duty in (
        "snapshots",
        "names",
        "gates",
        "environments",
        "encryption",
        "removal",
        "roles",
        "grants",
        "docstrings",
        "pages",
        "arguments",
    ):
        assert f"test_{duty}.py::" in said
    assert "test_the_local_cloud_deploys_an_example[analytics/query_costs] PASSED" in said
    assert {path: path.stat().st_mtime_ns for path in before} == before
