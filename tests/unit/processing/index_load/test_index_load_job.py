"""IndexLoadJob: arguments of the job, and failures."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve

from lake_blueprints import Column, Database, Dataset, Zone
from lake_blueprints.databases.opensearch import CollectionKind, SearchCollection, index_definition
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.processing.index_load import IndexLoadJob
from tests.support import properties, template_of

PEOPLE = Dataset(
    name="people",
    columns=[Column(name="id", type="int"), Column(name="mail", type="string", classification="restricted")],
    primary_key=["id"],
)


def job(stack: cdk.Stack, dataset: Dataset = PEOPLE, *, target: SearchCollection | None = None, **options: Any) -> Any:
    source = Database(stack, "Database", zone=Zone(stack, "Curated")).add_table(dataset)
    target = target or SearchCollection(stack, "Search")
    return IndexLoadJob(stack, "Load", source=source, target=target, **{"restricted": True, **options})


def test_the_script_gets_the_index_and_its_definition(stack: cdk.Stack) -> None:
    found = job(stack)
    arguments = properties(template_of(stack), "AWS::Glue::Job")["DefaultArguments"]
    assert json.loads(arguments["--definition"]) == index_definition(PEOPLE)
    assert (arguments["--index"], arguments["--keys"]) == ("people", '["id"]')
    assert arguments["--collection"] == stack.resolve(found.target.collection_endpoint)


def test_refuses_restricted_columns_unless_they_are_asked_for(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="table 'people' has the restricted columns mail"):
        job(stack, restricted=False)


def test_refuses_a_table_without_a_key(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="table 'people' has no primary key, of which the ids of documents are made"):
        job(stack, evolve(PEOPLE, primary_key=[]))


def test_refuses_collections_that_it_does_not_reach_or_that_take_no_ids(stack: cdk.Stack) -> None:
    series = SearchCollection(stack, "Series", kind=CollectionKind.TIME_SERIES)
    with pytest.raises(ValueError, match="whose documents have ids, got TIMESERIES"):
        job(stack, target=series)
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    private = SearchCollection(other, "Private", network=LakeNetwork(other, "Network"))
    with pytest.raises(ValueError, match="'target' must be a collection without a 'network'"):
        job(other, target=private)


def test_refuses_a_name_that_is_none(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="begins with a letter, got 'People'"):
        job(stack, index="People")
