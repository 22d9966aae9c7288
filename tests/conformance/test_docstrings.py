"""Docstrings: the example of every construct runs, as does every other example of the library."""

from __future__ import annotations

import datetime
import doctest
import inspect
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from lake_blueprints.analytics.athena import Export, Query, Workgroup
from lake_blueprints.contracts import Column, Contract, Dataset
from lake_blueprints.foundation.connections import Connection
from lake_blueprints.ingestion.crawler import Crawler
from lake_blueprints.ingestion.dms import Replication
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.machine_learning.training import InputChannel, TrainingJob
from lake_blueprints.processing.curation import CurationJob
from lake_blueprints.processing.streaming import StreamSource
from tests.conformance.fixtures import Fixtures
from tests.conformance.subject import Subject
from tests.library import modules
from tests.support import new_stack
from tests.unit.foundation.connections.sample import shop
from tests.unit.ingestion.dms.sample import options as replication_options
from tests.unit.processing.streaming.sample import READINGS

CONTRACT = Path(__file__).with_name("flights.odcs.yaml")
_MODULES = MappingProxyType({"cdk": cdk, "datetime": datetime, "ec2": ec2, "events": events, "iam": iam})
_ROLES = frozenset({"analyst", "producer", "role", "state_machine", "steward"})


@cache
def public_names() -> Mapping[str, Any]:
    """Return the public names of every module of the library."""
    names = {name: value for module in modules() for name, value in vars(module).items() if name[0] != "_"}
    return {**names, "Contract": Contract}


class Namespace(dict[str, Any]):
    """The names that examples use without a definition."""

    def __init__(self, stack: cdk.Stack) -> None:
        super().__init__(self=stack, **_MODULES)
        self._stack = stack
        self._lake = Fixtures(stack)

    def __missing__(self, name: str) -> Any:
        if name in _ROLES:
            self[name] = self._lake.role(name)
        elif hasattr(type(self), f"make_{name}"):
            self[name] = getattr(self, f"make_{name}")()
        elif hasattr(self._lake, name):
            self[name] = getattr(self._lake, name)
        elif name in public_names():
            self[name] = public_names()[name]
        elif hasattr(cdk, name):
            self[name] = getattr(cdk, name)
        else:
            raise KeyError(name)
        return self[name]

    def make_contract(self) -> Contract:
        return Contract.from_file(CONTRACT)

    def make_datasets(self) -> Any:
        return self["contract"].datasets

    def make_flights(self) -> Any:
        return self._lake.database.add_table(self["contract"]["flights"])

    def make_passengers(self) -> Any:
        return self["contract"]["passengers"]

    def make_table(self) -> Any:
        return self._lake.database.add_iceberg_table(self["passengers"])

    def make_copy(self) -> Any:
        return self._lake.raw_database.add_iceberg_table(self["passengers"].masked())

    def make_zone(self) -> Any:
        return self._lake.raw

    def make_mask_names(self) -> Any:
        return self._lake.function

    def make_repository(self) -> Any:
        return ecr.Repository(self._stack, "Repository")

    def make_references(self) -> Any:
        return Crawler(self._stack, "References", database=self._lake.raw_database, prefixes=["references/"])

    def make_curate(self) -> Any:
        dataset, raw = self["contract"]["flights"], self._lake.raw
        target = self._lake.database.add_iceberg_table(dataset, table_name="curated", prefix="curated/")
        return CurationJob(self._stack, "CurateFlights", dataset=dataset, source=raw, target=target)

    def make_curate_members(self) -> Any:
        columns = [Column(name="email", type="string", tags=["subject"]), Column(name="since", type="date")]
        members = Dataset(name="members", columns=columns, primary_key=["email"])
        target = self._lake.database.add_iceberg_table(members)
        return CurationJob(self._stack, "CurateMembers", dataset=members, source=self._lake.raw, target=target)

    def make_replication(self) -> Any:
        options = replication_options(self._lake, datasets=[self["contract"]["flights"]])
        return Replication(self._stack, "Replication", **options)

    def make_shop(self) -> Any:
        return Connection(self._stack, "Shop", endpoint=shop(self._lake), network=self._lake.network)

    def make_readings(self) -> Any:
        return READINGS

    def make_source(self) -> Any:
        return StreamSource(stream=Stream(self._stack, "Readings", shards=1), dataset=READINGS)

    def make_channels(self) -> Any:
        return {"train": InputChannel(table=self["flights"])}

    def make_delays(self) -> Any:
        return TrainingJob(self._stack, "Delays", channels=self["channels"], output=self._lake.analytics)

    def make_export(self) -> Any:
        zone = self._lake.analytics
        workgroup = Workgroup(self._stack, "Exports", encryption_key=zone.key)
        rides = self._lake.database.add_iceberg_table(self["contract"]["flights"], table_name="rides", prefix="rides/")
        return Export(workgroup=workgroup, table=rides, zone=zone, prefix="exports/")

    def make_steps(self) -> Any:
        workgroup = Workgroup(self._stack, "Queries")
        return [Query(workgroup=workgroup, sql="SELECT 1", database="lake", name="Ask")]


def examples() -> list[doctest.DocTest]:
    """Return the examples of every class, function and method of the library."""
    finder = doctest.DocTestFinder(exclude_empty=True, recurse=True)
    packages = [*modules(), import_module("lake_blueprints.contracts")]
    found = {test.name: test for module in packages for test in finder.find(module) if test.examples}
    return list(found.values())


def run(test: doctest.DocTest, namespace: Namespace) -> None:
    """Run the statements of an example; what is shown below one is its value."""
    for example in test.examples:
        if example.want:
            assert repr(eval(example.source, {}, namespace)) == example.want.strip()
        else:
            exec(example.source, {}, namespace)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that examples read."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "accepted").mkdir()
    for name in ("flights.odcs.yaml", "contracts/flights.odcs.yaml", "accepted/flights.odcs.yaml", "old.yaml"):
        (tmp_path / name).write_text(CONTRACT.read_text())
    (tmp_path / "sessions").mkdir()
    for name in ("sessions/main.py", "sessions.jar"):
        (tmp_path / name).write_text("")
    (tmp_path / "new.yaml").write_text(CONTRACT.read_text().replace("version: 1.0.0", "version: 1.1.0"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("example", examples(), ids=lambda one: one.name.removeprefix("lake_blueprints."))
def test_an_example_runs(example: doctest.DocTest) -> None:
    run(example, Namespace(new_stack()))


def test_a_construct_has_an_example(subject: Subject) -> None:
    assert "\n    >>> " in (inspect.getdoc(subject.sample.construct) or "")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (">>> Zone(self, unknown)", NameError),
        (">>> Zone(self, 'Raw', key=1)", ValueError),
        (">>> 1 + 1\n3", AssertionError),
    ],
)
def test_an_example_that_fails_is_noticed(text: str, error: type[Exception]) -> None:
    test = doctest.DocTestParser().get_doctest(text, {}, "example", None, None)
    with pytest.raises(error):
        run(test, Namespace(new_stack()))
