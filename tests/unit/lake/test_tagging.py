"""Tags: what a contract says about owners and costs, as AWS takes it."""

from __future__ import annotations

import aws_cdk as cdk
from attrs import evolve

from lake_blueprints.contracts import Dataset, Governance
from lake_blueprints.lake import DataLake
from lake_blueprints.lake.tagging import tags_of
from tests.support import resources, template_of


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
