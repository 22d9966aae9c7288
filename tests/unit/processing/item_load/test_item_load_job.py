"""ItemLoadJob: arguments of the job, and failures."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.processing.item_load import ItemLoadJob
from tests.support import properties, resources, template_of

PEOPLE = Dataset(
    name="people",
    columns=[Column(name="id", type="int"), Column(name="mail", type="string", classification="restricted")],
    primary_key=["id"],
)


def job(stack: cdk.Stack, dataset: Dataset, served: Dataset = PEOPLE, *, restricted: bool = False) -> ItemLoadJob:
    source = Database(stack, "Database", zone=Zone(stack, "Curated")).add_table(dataset)
    target = ServingTable(stack, "Table", dataset=served, time_to_live="expires")
    return ItemLoadJob(stack, "Load", source=source, target=target, restricted=restricted)


def test_the_script_gets_columns_keys_and_the_time_to_live(stack: cdk.Stack) -> None:
    found = job(stack, PEOPLE, restricted=True)
    arguments = properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    assert json.loads(arguments["--columns"]) == [["id", "int"], ["mail", "string"]]
    assert (arguments["--keys"], arguments["--time_to_live"]) == ('["id"]', "expires")
    assert arguments["--table"] == stack.resolve(found.target.table_name)
    assert arguments["--mirror"] == "true"


def test_refuses_restricted_columns_unless_they_are_asked_for(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="table 'people' has the restricted columns mail"):
        job(stack, PEOPLE)


@pytest.mark.parametrize("kind", ["string", "double", "array<int>"])
def test_refuses_a_time_to_live_that_is_no_time(stack: cdk.Stack, kind: str) -> None:
    wrong = evolve(PEOPLE, columns=[Column(name="id", type="int"), Column(name="expires", type=kind)])
    with pytest.raises(ValueError, match=r"items of 'target' expire by 'expires', which is a .* in table 'people'"):
        job(stack, wrong)


def test_refuses_a_table_without_the_keys(stack: cdk.Stack) -> None:
    other = evolve(PEOPLE, columns=[Column(name="code", type="int")], primary_key=["code"])
    with pytest.raises(ValueError, match="the key 'id', which is no column of table 'people'; its columns are code"):
        job(stack, other)


def test_an_iceberg_table_is_read_by_its_name_and_a_table_of_files_by_its_folder(stack: cdk.Stack) -> None:
    database = Database(stack, "Database", zone=Zone(stack, "Curated"))
    files = database.add_table(PEOPLE, table_name="files", prefix="files/")
    snapshots = database.add_iceberg_table(PEOPLE)
    for job_id, source in (("Files", files), ("Snapshots", snapshots)):
        target = ServingTable(stack, f"{job_id}Table", dataset=PEOPLE)
        ItemLoadJob(stack, job_id, source=source, target=target, restricted=True)
    jobs = resources(template_of(stack), "AWS::Glue::Job")
    of_files, of_snapshots = (job["Properties"]["DefaultArguments"] for job in jobs)
    assert of_files["--source"] == stack.resolve(files.uri)
    assert "--datalake-formats" not in of_files
    assert of_snapshots["--table_name"] == "people"
    assert of_snapshots["--database"] == stack.resolve(database.database_name)
    assert of_snapshots["--datalake-formats"] == "iceberg"


@pytest.mark.parametrize(("mirrors", "refused"), [((True, True), True), ((False, True), True), ((False, False), False)])
def test_refuses_two_jobs_of_which_one_deletes_what_the_other_puts(
    stack: cdk.Stack, mirrors: tuple[bool, bool], refused: bool
) -> None:
    source = Database(stack, "Database", zone=Zone(stack, "Curated")).add_table(PEOPLE)
    target = ServingTable(stack, "Table", dataset=PEOPLE)
    options: dict[str, Any] = {"source": source, "target": target, "restricted": True}
    ItemLoadJob(stack, "One", mirror=mirrors[0], **options)
    expected = (
        pytest.raises(ValueError, match="'target' is loaded by 'Stack/One' already") if refused else nullcontext()
    )
    with expected:
        ItemLoadJob(stack, "Other", mirror=mirrors[1], **options)
