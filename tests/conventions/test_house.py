"""The rules of the house that no other tool enforces."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import constructs
import pytest

import lake_blueprints
from tests.support import ROOT

LIBRARY = ROOT / "constructs" / "lake_blueprints"
TESTS = sorted((ROOT / "tests").glob("**/*.py"))
# The parameter and the context that say whether a synth starts the CDK's validation.
VALIDATION = ("builtin_cloud_formation_validation", "@aws-cdk/core:validateAgainstDefaultRules")
SHIPPED_SCRIPTS = sorted(LIBRARY.glob("**/scripts/**/*.py"))
SHIPPED_PACKAGES = {path.parent.name for path in SHIPPED_SCRIPTS if path.name == "__init__.py"}
# A module that lies beside those of each function on a stream.
SHIPPED_PACKAGES |= {"lake_aggregation"}
SHIPPED_IMPORTS = {
    *("awsglue", "boto3", "botocore", "joblib", "krcf", "numpy", "pandas", "pyarrow", "pyflink", "pyspark", "sklearn"),
    "valkey",
}


def imported_by(script: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names


def test_the_source_root_is_not_a_package_that_shadows_the_constructs_library() -> None:
    assert not (ROOT / "constructs" / "__init__.py").exists()
    assert "site-packages" in str(constructs.__file__)


def test_there_are_scripts_to_check() -> None:
    assert len(SHIPPED_SCRIPTS) >= 2


@pytest.mark.parametrize("script", SHIPPED_SCRIPTS, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_code_that_runs_inside_aws_imports_no_cdk_and_nothing_of_the_library(script: Path) -> None:
    assert imported_by(script) <= SHIPPED_IMPORTS | SHIPPED_PACKAGES


@pytest.mark.parametrize("stack", sorted((ROOT / "stacks").glob("*.py")), ids=lambda path: path.name)
def test_a_stack_only_wires(stack: Path) -> None:
    lines = stack.read_text().splitlines()
    assert len(lines) < 80 or stack.name == "environment.py"


def test_every_public_name_can_be_imported() -> None:
    for name in lake_blueprints.__all__:
        assert getattr(lake_blueprints, name).__name__ == name


def test_no_source_names_a_partition() -> None:
    sources = [*LIBRARY.rglob("*.py"), *(ROOT / "stacks").glob("*.py"), ROOT / "app.py"]
    assert [path.name for path in sources if "arn:aws:" in path.read_text()] == []


def apps_of(source: str) -> list[str]:
    """Return the calls that make an app, as text."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if ast.unparse(call.func) in ("App", "cdk.App")]


def says_whether_to_validate(app: str) -> bool:
    return "**" in app or any(name in app for name in VALIDATION)


def test_apps_of_tests_do_without_the_validation_of_the_cdk_which_takes_seconds_at_each_synth() -> None:
    apps = [(path.name, app) for path in TESTS for app in apps_of(path.read_text())]
    assert len(apps) > 50
    assert [found for found in apps if not says_whether_to_validate(found[1])] == []
    assert not says_whether_to_validate(*apps_of("app = cdk.App(outdir=folder)"))
