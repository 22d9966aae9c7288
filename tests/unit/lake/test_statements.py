"""What else a contract says: tags, notes, names; and a lake of contracts, code and crawled data."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import aws_iam as iam

from lake_blueprints.catalog import Crawler
from lake_blueprints.contracts import Column, Contract, Dataset, Governance, Note, Placement
from lake_blueprints.lake import DataLake
from lake_blueprints.lake.placing import placed_prefix
from lake_blueprints.lake.tagging import tags_of
from tests.policies import may_read
from tests.support import ROOT, resources, template_of, warnings_of


def test_tags_are_in_the_characters_that_aws_takes(passengers: Dataset) -> None:
    assert tags_of(passengers) == {
        "cost-center": "1234",
        "contract": "passengers-1",
        "owner": "ann",
        "team": "Travel _ Co",
        "domain": "travel",
    }


def test_tags_are_not_longer_or_more_than_aws_takes(seats: Dataset) -> None:
    labels = tuple(f"{'k' * 130}{number}=v{'v' * 300}" for number in range(60))
    found = tags_of(evolve(seats, governance=Governance(tags=(*labels, *(f"k{n}=v" for n in range(60))))))
    assert len(found) == 40
    assert max(map(len, found)) <= 128
    assert max(map(len, found.values())) <= 256


def test_job_and_delivery_of_a_dataset_are_tagged(stack: cdk.Stack, passengers: Dataset, seats: Dataset) -> None:
    DataLake(stack, "Lake", datasets=[passengers, seats])
    template = template_of(stack)
    jobs = [item["Properties"].get("Tags", {}) for item in resources(template, "AWS::Glue::Job")]
    assert sorted(tags.get("owner", "") for tags in jobs) == ["", "ann"]
    streams = [
        item["Properties"].get("Tags", []) for item in resources(template, "AWS::KinesisFirehose::DeliveryStream")
    ]
    assert [{"Key": "cost-center", "Value": "1234"} in tags for tags in streams] == [True, False]


def test_warnings_of_a_contract_are_shown_once(stack: cdk.Stack, passengers: Dataset, seats: Dataset) -> None:
    shared = Note(place="servers[0]", text="a kafka server is ignored", warning=True)
    quiet = Note(place="team", text="kept for the dictionary")
    own = Note(place="schema[1]", text="text has no limit", warning=True)
    first = evolve(passengers, notes=(shared, quiet))
    second = evolve(seats, notes=(shared, own), governance=passengers.governance)
    DataLake(stack, "Lake", datasets=[first, second])
    found = [text.partition(" [ack:")[0] for text in warnings_of(stack)]
    assert found == [
        "contract 'passengers-1': servers[0]: a kafka server is ignored",
        "contract 'passengers-1': schema[1]: text has no limit",
    ]


def placed(dataset: Dataset, kind: str, **properties: Any) -> Dataset:
    return evolve(dataset, placements=(Placement(server="prod", type=kind, properties=properties),))


def test_names_of_servers_are_used_only_if_the_app_wants_it(stack: cdk.Stack, seats: Dataset) -> None:
    dataset = placed(seats, "glue", database="Travel", location="s3://theirs/lake/gold/")
    plain = DataLake(stack, "Plain", datasets=[dataset])
    named = DataLake(stack, "Named", datasets=[dataset], placements=True)
    assert plain.curated_database.database_name.startswith("stack_plain")
    assert plain.tables["seats"].prefix == "seats/"
    assert named.curated_database.database_name == "travel"
    assert named.tables["seats"].prefix == "lake/gold/seats/"


@pytest.mark.parametrize(
    ("kind", "properties", "expected"),
    [
        ("s3", {"location": "s3://bucket/lake/seats/"}, "lake/seats/"),
        ("s3", {"location": "s3://bucket/lake/*.parquet"}, "lake/seats/"),
        ("s3", {"location": "s3://bucket/{model}/*.json"}, None),
        ("s3", {"location": "s3://bucket"}, None),
        ("kinesis", {"stream": "seats"}, None),
    ],
)
def test_a_prefix_is_what_is_fixed_of_a_location(
    seats: Dataset, kind: str, properties: dict[str, Any], expected: str | None
) -> None:
    assert placed_prefix(placed(seats, kind, **properties)) == expected


def test_refuses_two_databases_for_one_lake(stack: cdk.Stack, passengers: Dataset, seats: Dataset) -> None:
    datasets = [placed(passengers, "glue", database="a"), placed(seats, "athena", schema="b")]
    with pytest.raises(ValueError, match=r"the databases 'a' \(for 'passengers'\) and 'b' \(for 'seats'\), but a lake"):
        DataLake(stack, "Lake", datasets=datasets, placements=True)


def test_contracts_code_and_crawled_data_are_one_lake(stack: cdk.Stack, passengers: Dataset) -> None:
    contracts = Contract.from_file(ROOT / "examples" / "flights" / "contracts" / "flights.odcs.yaml").datasets
    lake = DataLake(
        stack, "Lake", datasets=[*contracts, passengers, Dataset(name="x", columns=[Column(name="x", type="int")])]
    )
    Crawler(stack, "Crawler", database=lake.raw_database, prefixes=["reference/"], table_prefix="ref_")
    lake.grant_query(iam.Role(stack, "Analyst", assumed_by=iam.AccountRootPrincipal()))
    lake.raw.grant_read(iam.Role(stack, "Engineer", assumed_by=iam.AccountRootPrincipal()))
    assert may_read(stack, lake.raw, "reference/airlines.csv", of="Engineer")
    assert not may_read(stack, lake.raw, "passengers/x.json.gz", of="Engineer")
    assert may_read(stack, lake.curated, "flights/x.parquet", of="Analyst")
    assert not may_read(stack, lake.curated, "passengers/x.parquet", of="Analyst")
