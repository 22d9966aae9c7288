"""`lake contract check`, `diff` and `accept`: what they print and how they exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from template_checks.command.main import main

ORDERS = """
apiVersion: v3.0.2
kind: DataContract
id: orders
version: {version}
status: active
schema:
  - name: orders
    logicalType: object
    properties:
      - name: id
        logicalType: integer
        physicalType: {type}
        primaryKey: true
      - name: total
        logicalType: number
{more}
"""
ITEMS = """
apiVersion: v3.1.0
kind: DataContract
id: items
version: 1.0.0
status: active
schema:
  - name: items
    logicalType: object
    properties:
      - name: order_id
        logicalType: integer
"""


def write(path: Path, version: str = "1.0.0", kind: str = "INT", more: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ORDERS.format(version=version, type=kind, more=more))
    return path


NOTE = "      - name: note\n        logicalType: string"


def test_check_says_nothing_about_a_good_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "check", str(write(tmp_path / "orders.yaml"))]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "1 contract, 0 errors, 0 warnings\n")


def test_check_gives_a_line_with_file_place_and_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = write(tmp_path / "good.yaml"), tmp_path / "bad.yaml"
    bad.write_text(ORDERS.format(version="1.0.0", type="INT", more="").replace("logicalType: number", "logicalType: 7"))
    assert main(["contract", "check", str(tmp_path / "*.yaml")]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(f"{bad}: schema[0].properties[1].logicalType: ")
    assert str(good) not in printed


GREEN = "      - name: note\n        logicalType: string\n        classification: {}"


def test_check_finds_a_classification_that_nobody_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "orders.yaml", more=GREEN.format("Green"))
    assert main(["contract", "check", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{path}: warning: schema[0].properties[2].classification: classification 'Green' is")
    assert "so 'note' is restricted;" in printed.out
    assert printed.err == "1 contract, 0 errors, 1 warning\n"
    assert main(["contract", "check", str(path), "--unknown-classification", "allow"]) == 0
    assert "so 'note' is not restricted;" in capsys.readouterr().out
    for option in ("--harmless=Blue, Green", "--restricted=green"):
        assert main(["contract", "check", str(path), option]) == 0
        assert capsys.readouterr().out == ""


def test_levels_that_contradict_themselves_are_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "orders.yaml")
    assert main(["contract", "check", str(path), "--harmless", "Green", "--restricted", "green"]) == 2
    assert "the levels 'Green' and 'green' are the same; give each once" in capsys.readouterr().err


def test_diff_judges_classifications_by_the_levels_that_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = write(tmp_path / "old.yaml", more=GREEN.format("Green"))
    new = write(tmp_path / "new.yaml", "1.1.0", more=GREEN.format("Red"))
    assert main(["contract", "diff", str(old), str(new), "--harmless=Green", "--restricted=Red"]) == 1
    assert "rule tightened: it is now restricted: Green → Red" in capsys.readouterr().out
    assert main(["contract", "diff", str(old), str(new), "--harmless=Green,Red"]) == 0
    assert "classification changed: Green → Red" in capsys.readouterr().out


def test_check_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    assert main(["contract", "check", "--format", "json", str(empty)]) == 1
    (finding,) = json.loads(capsys.readouterr().out)
    assert (finding["file"], finding["severity"]) == (str(empty), "error")


def test_check_takes_the_contracts_of_a_folder_and_leaves_other_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "a" / "orders.odcs.yaml")
    (tmp_path / "a" / "values.yaml").write_text("replicas: 3")
    assert main(["contract", "check", str(tmp_path)]) == 0
    assert capsys.readouterr().err.startswith("1 contract,")


@pytest.mark.parametrize("arguments", [["missing.yaml"], ["*.nothing"], ["."]])
def test_what_names_no_contract_is_wrong_usage(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["contract", "check", *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_diff_lets_a_compatible_change_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = write(tmp_path / "old.yaml"), write(tmp_path / "new.yaml", "1.1.0", "BIGINT", NOTE)
    assert main(["contract", "diff", str(old), str(new)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "orders 1.0.0 → 1.1.0",
        "  compatible, needs a minor version",
        "    orders.note: column added: of type string, null in older rows",
        "    orders.id: type widened: int → bigint",
    ]


def test_diff_refuses_a_breaking_change_and_says_who_uses_the_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = write(tmp_path / "old.yaml", more=NOTE), write(tmp_path / "new.yaml", "1.1.0")
    sql = tmp_path / "sql"
    sql.mkdir()
    (sql / "notes.sql").write_text("select Note from lake.orders -- total")
    (sql / "totals.sql").write_text("select total, 'note' from orders")
    assert main(["contract", "diff", str(old), str(new), "--sql", str(sql)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "orders 1.0.0 → 1.1.0",
        "  breaking, needs a major version",
        "    orders.note: column dropped: it was of type string",
        f"      used by {sql / 'notes.sql'}",
        "  error: version: 1 breaking change needs version 2.0.0 or later, got 1.1.0",
    ]


def test_diff_finds_users_in_the_relationships_of_other_contracts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = write(tmp_path / "old.yaml", kind="BIGINT"), write(tmp_path / "new.yaml", "1.1.0", "INT")
    (tmp_path / "users").mkdir()
    reference = "        relationships: [{to: 'orders.yaml#/schema/orders/properties/id'}]\n"
    (tmp_path / "users" / "items.yaml").write_text(ITEMS + reference)
    assert main(["contract", "diff", str(old), str(new), "--consumers", str(tmp_path / "users")]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[2:4] == [
        "    orders.id: type narrowed: bigint → int",
        "      used by relationship of dataset 'items'",
    ]


def test_diff_takes_a_breaking_change_with_a_major_version(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old.yaml", more=NOTE), write(tmp_path / "new.yaml", "2.0.0")
    assert main(["contract", "diff", str(old), str(new)]) == 0


def test_diff_of_folders_compares_contracts_by_id(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "old" / "orders.yaml")
    (tmp_path / "old" / "items.yaml").write_text(ITEMS)
    write(tmp_path / "new" / "elsewhere" / "renamed.yaml")
    folders = [str(tmp_path / "old"), str(tmp_path / "new")]
    assert main(["contract", "diff", "--format", "json", *folders]) == 1
    items, orders = json.loads(capsys.readouterr().out)
    assert (items["contract"], items["new_version"], items["allowed"]) == ("items", None, False)
    assert (orders["contract"], orders["changes"], orders["allowed"]) == ("orders", [], True)


def test_diff_of_a_broken_contract_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: [")
    assert main(["contract", "diff", str(write(tmp_path / "old.yaml")), str(broken)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {broken}: line ")


def test_accept_keeps_contracts_until_one_breaks_what_was_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    contract, accepted = tmp_path / "contracts" / "o.yaml", tmp_path / "accepted"
    accept = ["contract", "accept", str(contract), "--into", str(accepted)]
    write(contract, more=NOTE)
    assert main(accept) == 0
    assert [path.name for path in accepted.iterdir()] == ["orders.odcs.yaml"]
    write(contract, "1.0.1")
    assert main(accept) == 1
    assert "note" in (accepted / "orders.odcs.yaml").read_text()
    write(contract, "2.0.0")
    assert main(accept) == 0
    assert "note" not in (accepted / "orders.odcs.yaml").read_text()
    assert capsys.readouterr().out.endswith(f"accepted 1 contract into {accepted}\n")


def test_accept_into_a_file_says_that_it_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract, accepted = write(tmp_path / "o.yaml"), tmp_path / "accepted"
    accepted.write_text("no folder")
    assert main(["contract", "accept", str(contract), "--into", str(accepted)]) == 2
    assert f"error: '{accepted}' cannot be written: " in capsys.readouterr().err


def test_accept_gives_a_file_to_an_id_that_is_no_file_name(tmp_path: Path) -> None:
    contract = tmp_path / "o.yaml"
    contract.write_text(write(contract).read_text().replace("id: orders", "id: '../../urn:orders/1'"))
    assert main(["contract", "accept", str(contract), "--into", str(tmp_path / "accepted")]) == 0
    (copy,) = (tmp_path / "accepted").iterdir()
    assert copy.name.startswith("urn-orders-1-")


CSV = """
apiVersion: v3.2.0
kind: DataContract
id: shop
version: 1.{minor}.0
status: active
servers: [{{server: s, type: s3, location: s3://shop/, format: csv}}]
schema:
- name: orders
  properties: [{columns}]
"""


@pytest.mark.parametrize("command", ["diff", "accept"])
def test_a_column_in_the_midst_of_csv_breaks_unless_the_order_of_the_files_is_given(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for minor, names in enumerate(("id status", "id amount status")):
        columns = ", ".join(f"{{name: {name}, logicalType: string}}" for name in names.split())
        files.append(tmp_path / f"{minor}.odcs.yaml")
        files[-1].write_text(CSV.format(minor=minor, columns=columns))
    old, new = map(str, files)
    into = str(tmp_path / "accepted")
    assert main(["contract", "accept", old, "--into", into]) == 0
    arguments = ["contract", "diff", old, new] if command == "diff" else ["contract", "accept", new, "--into", into]
    assert main(arguments) == 1
    assert "orders: columns moved: status: raw tables read CSV by position" in capsys.readouterr().out
    assert main([*arguments, "--csv-columns", "orders=id,status"]) == 2
    assert "--csv-columns: 'csv_columns' of 'orders' lacks amount" in capsys.readouterr().err
    assert main([*arguments, "--csv-columns", "orders"]) == 2
    assert "must be a dataset and its columns, as orders=id,status, got 'orders'" in capsys.readouterr().err
    assert main([*arguments, "--csv-columns", "orders=id,status,amount"]) == 0
