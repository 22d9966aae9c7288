"""ContractBaseline: what it refuses at synth, and whom it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.analytics.athena import Workgroup
from lake_blueprints.catalog import Database
from lake_blueprints.contracts import Classifications, Column, Contract, ContractError, Dataset
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.lake import ContractBaseline
from lake_blueprints.machine_learning.training import InputChannel, TrainingJob
from lake_blueprints.processing.curation import Curation, CurationJob, Derivation, ReferenceJoin
from lake_blueprints.storage.s3 import Zone
from tests.support import new_stack, resources, template_of, warnings_of

WEATHER = """
apiVersion: v3.0.2
kind: DataContract
id: weather
version: {version}
status: active
schema:
  - name: weather
    logicalType: object
    properties:
      - {{name: origin, logicalType: string, primaryKey: true}}
{more}
"""
TEMP = "      - {name: temp, logicalType: number}"


def weather(version: str, more: str = "") -> Contract:
    return Contract.from_text(WEATHER.format(version=version, more=more))


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    (tmp_path / "weather.odcs.yaml").write_text(WEATHER.format(version="1.0.0", more=TEMP))
    return tmp_path


def define_consumers(stack: cdk.Stack, dataset: Dataset) -> None:
    zone = Zone(stack, "Zone")
    raw, lake = Zone(stack, "Raw"), Database(stack, "Lake", zone=zone)
    table = lake.add_iceberg_table(dataset)
    flights = Dataset(name="flights", columns=[Column(name="origin", type="string"), Column(name="late", type="int")])
    join = ReferenceJoin(reference=dataset, on=["origin"], columns=["temp"])
    curation = Curation(joins=[join], derive={"warm": Derivation(expression="temp > 70", type="boolean")})
    CurationJob(
        stack,
        "Curate",
        dataset=flights,
        source=raw,
        target=lake.add_iceberg_table(curation.curated(flights)),
        curation=curation,
        references=[table],
    )
    CurationJob(
        stack, "CurateWeather", dataset=dataset, source=raw, target=table, curation=Curation(filter="TEMP is not null")
    )
    Warehouse(stack, "Warehouse").add_dataset(table)
    workgroup = Workgroup(stack, "Workgroup")
    for name in ("temp", "origin"):
        workgroup.add_query(name, name=name, sql=f"select {name} from weather", database="lake")
    examples = lake.add_table(dataset, table_name="examples", prefix="examples/")
    TrainingJob(stack, "Train", channels={"train": InputChannel(table=examples)}, output=zone)


def synth_error(stack: cdk.Stack) -> str:
    with pytest.raises(RuntimeError) as caught:
        cdk.App.of(stack).synth()  # type: ignore[union-attr]
    return str(caught.value)


def test_defines_no_resource_and_lets_the_same_contracts_pass(stack: cdk.Stack, accepted: Path) -> None:
    ContractBaseline(stack, "Baseline", accepted=accepted, contracts=[weather("1.0.0", TEMP)])
    assert template_of(stack).get("Resources", {}) == {}
    assert warnings_of(stack) == []


def test_synth_names_each_breaking_change_and_whoever_uses_the_column(stack: cdk.Stack, accepted: Path) -> None:
    ContractBaseline(stack, "Baseline", accepted=accepted, contracts=[weather("1.1.0")])
    define_consumers(stack, weather("1.0.0", TEMP)["weather"])
    message = synth_error(stack)
    assert "contract 'weather' 1.0.0 → 1.1.0: version: 1 breaking change needs version 2.0.0 or later" in message
    assert (
        "weather.temp: column dropped: it was of type double; used by curation of 'flights', which joins it, "
        "curation of 'weather', warehouse Stack/Warehouse, query temp, training job Stack/Train"
    ) in message


def test_accepted_contracts_are_judged_by_the_levels_of_the_app(stack: cdk.Stack, tmp_path: Path) -> None:
    text = WEATHER.format(version="1.0.0", more="      - {name: temp, logicalType: number, classification: Green}")
    (tmp_path / "weather.odcs.yaml").write_text(text)
    contract = Contract.from_text(text, classifications=Classifications(harmless=["Green"]))
    (release,) = ContractBaseline(stack, "Baseline", accepted=tmp_path, contracts=[contract]).releases
    assert list(release.changes) == []


def test_a_contract_that_is_gone_breaks_too(stack: cdk.Stack, accepted: Path) -> None:
    ContractBaseline(stack, "Baseline", accepted=accepted, contracts=[])
    assert "contract 'weather' is gone; if that is meant, delete the file that was accepted" in synth_error(stack)


@pytest.mark.parametrize(
    ("version", "more"), [("2.0.0", ""), ("1.1.0", f"{TEMP}\n      - {{name: x, logicalType: date}}")]
)
def test_a_version_that_says_what_changed_passes(stack: cdk.Stack, accepted: Path, version: str, more: str) -> None:
    ContractBaseline(stack, "Baseline", accepted=accepted, contracts=[weather(version, more)])
    assert resources(template_of(stack), "AWS::S3::Bucket") == []
    assert warnings_of(stack) == []


def test_a_compatible_change_without_a_minor_version_is_a_warning(stack: cdk.Stack, accepted: Path) -> None:
    more = f"{TEMP}\n      - {{name: x, logicalType: date}}"
    ContractBaseline(stack, "Baseline", accepted=accepted, contracts=[weather("1.0.0", more)])
    (warning,) = warnings_of(stack)
    assert "1 compatible change needs version 1.1.0 or later, got 1.0.0" in warning


def test_refuses_a_folder_that_does_not_exist(stack: cdk.Stack, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="'accepted' must be a folder of contracts, got "):
        ContractBaseline(stack, "Baseline", accepted=tmp_path / "missing", contracts=[])


def test_works_twice_in_one_stack(accepted: Path) -> None:
    stack = new_stack()
    options: dict[str, Any] = {"accepted": accepted, "contracts": [weather("1.0.0", TEMP)]}
    ContractBaseline(stack, "One", **options)
    ContractBaseline(stack, "Two", **options)
    assert template_of(stack).get("Resources", {}) == {}


def test_csv_columns_of_the_lake_keep_the_place_of_older_columns(stack: cdk.Stack, tmp_path: Path) -> None:
    files = "servers: [{server: s, type: s3, location: s3://weather/, format: csv}]"
    old = f"{WEATHER.format(version='1.0.0', more=TEMP)}{files}"
    new = f"{WEATHER.format(version='1.1.0', more='      - {name: wind, logicalType: number}')}{TEMP}\n{files}"
    (tmp_path / "weather.odcs.yaml").write_text(old)
    contracts = [Contract.from_text(new)]
    moved = ContractBaseline(stack, "Moved", accepted=tmp_path, contracts=contracts)
    assert "weather.temp" not in moved.problems()[0]
    assert "columns moved: temp" in moved.problems()[0]
    order = {"weather": ["origin", "temp", "wind"]}
    assert not ContractBaseline(stack, "Kept", accepted=tmp_path, contracts=contracts, csv_columns=order).problems()
