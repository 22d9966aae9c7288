"""Contracts of all kinds through every command: what they are made of is refused or taken, and nothing breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lake_blueprints.cli.dictionary import write
from lake_blueprints.contracts import Contract, ContractError
from lake_blueprints.contracts.checking import check_text, check_together
from lake_blueprints.contracts.evolution import compare
from lake_blueprints.lake import DataLake
from template_checks.command.main import main
from tests.support import new_stack, template_of
from tests.unit.contracts.generated import CORPUS, contracts, without_each_member

EVERYTHING = yaml.safe_load((CORPUS / "everything.odcs.yaml").read_text())
MANY = 1_000


def processed(document: dict[str, Any], other: Contract, folder: Path, *, pages: bool = True) -> Contract | None:
    """Return the contract after each command has seen it, None if it is refused; without pages, `docs` has not."""
    text = json.dumps(document)
    errors = [finding for finding in check_text(text) if finding.severity == "error"]
    assert all(finding.message and "\n" not in str(finding) for finding in errors)
    try:
        contract = Contract.from_text(text)
    except ContractError:
        assert errors
        return None
    assert not errors
    list(check_together({folder / "c.yaml": contract}))
    compare(contract.datasets, other.datasets)
    compare(other.datasets, contract.datasets)
    assert compare(contract.datasets, contract.datasets) == []
    if pages:
        write([contract], folder)
    return contract


def test_a_contract_may_leave_out_each_optional_member(tmp_path: Path) -> None:
    whole = Contract.from_text(json.dumps(EVERYTHING))
    variants = list(without_each_member(EVERYTHING))
    assert len(variants) > 250
    assert {"support.0.url", "team.members.0.name", "schema.0.description"} <= {place for place, _ in variants}
    for place, document in variants:
        try:
            processed(document, whole, tmp_path)
        except Exception as error:
            raise AssertionError(f"without {place}") from error


def test_docs_takes_a_support_channel_without_url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.odcs.yaml"
    document = {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "a", "version": "1.0.0", "status": "active",
        "support": [{"channel": "#help", "tool": "slack"}],
        "schema": [{"name": "a", "properties": [{"name": "id", "logicalType": "string"}]}],
    }  # fmt: skip
    path.write_text(yaml.safe_dump(document))
    assert main(["contract", "docs", str(path), "-o", str(tmp_path / "docs")]) == 0
    page = (tmp_path / "docs" / "datasets" / "a.html").read_text()
    assert "<li>#help: slack</li>" in " ".join(page.split()).replace("</a>", "")


def test_generated_contracts_break_no_command(tmp_path: Path) -> None:
    other = Contract.from_text(json.dumps(EVERYTHING))
    taken = 0
    for seed, document in enumerate(contracts(MANY)):
        try:
            # Pages take longer than all the rest.
            contract = processed(document, other, tmp_path, pages=seed % 5 == 0)
        except Exception as error:
            raise AssertionError(f"the contract of seed {seed}") from error
        taken += contract is not None
    assert taken > MANY / 2


@pytest.mark.parametrize("seed", range(0, MANY, 100))
def test_a_lake_is_made_of_a_generated_contract_just_where_check_says_so(seed: int, tmp_path: Path) -> None:
    (document,) = contracts(1, first=seed)
    text = json.dumps(document)
    try:
        contract = Contract.from_text(text)
    except ContractError:
        return
    refused = [finding for _, finding in check_together({tmp_path / "c.yaml": contract}) if finding.severity == "error"]
    stack = new_stack()
    try:
        DataLake(stack, "Lake", datasets=contract.datasets)
        template_of(stack)
    except ValueError as error:
        assert refused, error
    else:
        assert refused == []
