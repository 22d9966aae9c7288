"""`lake init`: the files that it writes, and what it refuses."""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from lake_blueprints.cli.init import main
from lake_blueprints.contracts import Contract
from template_checks.command.errors import CommandError
from tests.support import ROOT

FILES = {
    ".gitignore",
    "README.md",
    "app.py",
    "cdk.json",
    "contracts/orders.odcs.yaml",
    "package.json",
    "requirements.txt",
    "sample/orders.jsonl",
    "send.py",
    "test_app.py",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "my-lake"
    assert main([str(folder)]) == 0
    return folder


def test_writes_a_whole_app(project: Path) -> None:
    assert {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()} == FILES
    for path in project.glob("*.py"):
        ast.parse(path.read_text())
    assert not any("$" in path.read_text() for path in (project / "app.py", project / "package.json"))


def test_the_app_synthesises_a_lake_of_its_contract(project: Path) -> None:
    spec = importlib.util.spec_from_file_location("generated_app", project / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generated_app"] = module
    spec.loader.exec_module(module)
    stack = module.MyLake(cdk.App(context={"@aws-cdk/core:validateAgainstDefaultRules": False}), "MyLake")
    outputs = Template.from_stack(stack).find_outputs("*")
    assert "OrdersDeliveryStream" in outputs


def test_the_flags_are_those_that_the_reference_app_has(project: Path) -> None:
    def flags(path: Path) -> dict[str, object]:
        context = json.loads(path.read_text())["context"]
        return {name: value for name, value in context.items() if name.startswith("@aws-cdk")}

    # The one on which that app decides otherwise: its templates name no partition.
    ours = flags(ROOT / "cdk.json") | {"@aws-cdk/core:enablePartitionLiterals": True}
    assert flags(project / "cdk.json") == ours


def test_the_sample_holds_good_records_and_one_of_each_kind_that_is_not(project: Path) -> None:
    (dataset,) = Contract.from_file(project / "contracts" / "orders.odcs.yaml").datasets
    records = [json.loads(line) for line in (project / "sample" / "orders.jsonl").read_text().splitlines()]
    assert all(list(record) == [column.name for column in dataset.columns] for record in records)
    numbers = [record["order_id"] for record in records]
    assert (len(records), len(set(numbers))) == (7, 6)
    assert [record["status"] for record in records].count("lost") == 1


def test_prints_three_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(tmp_path / "shop")])
    commands = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert len(commands) == 3
    assert commands[0].startswith(f"  cd {tmp_path / 'shop'} && ")


@pytest.mark.parametrize("name", ["1lake", "my_lake", "my lake", "-lake", "my--lake", "x" * 65, "la$ke"])
def test_refuses_a_name_that_no_stack_may_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match=r"the folder's name, .*, becomes the stack's"):
        main([str(tmp_path / name)])
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_folder_that_is_not_empty_and_leaves_it_alone(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.py").write_text("mine")
    with pytest.raises(CommandError, match="shop' is not empty"):
        main([str(tmp_path / "shop")])
    assert (tmp_path / "shop" / "app.py").read_text() == "mine"


def test_refuses_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="cannot be written: Not a directory"):
        main([str(tmp_path / "file" / "lake")])
