"""A search collection: idle at zero, under its policies, open to those whom a grant names."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.databases.opensearch import CollectionKind, SearchCollection
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.firehose import DeliveryStream, OpenSearchServerlessDestination
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

COLLECTION = "AWS::OpenSearchServerless::Collection"
FLIGHTS = Dataset(name="flights", columns=[Column(name="id", type="bigint")], format=DatasetFormat.JSON)


def role(stack: cdk.Stack, name: str) -> iam.Role:
    return iam.Role(stack, name, assumed_by=iam.AccountRootPrincipal())


def rules(stack: cdk.Stack) -> list[dict[str, Any]]:
    """Return the rules of the data access policies."""
    found = [
        one["Properties"]["Policy"] for one in resources(template_of(stack), "AWS::OpenSearchServerless::AccessPolicy")
    ]
    texts = ["".join(part if isinstance(part, str) else "ROLE" for part in one["Fn::Join"][1]) for one in found]
    return [entry["Rules"][0] for text in texts for entry in json.loads(text)]


def test_it_idles_at_zero_and_is_created_under_its_policies(stack: cdk.Stack) -> None:
    SearchCollection(stack, "Search", kind=CollectionKind.TIME_SERIES)
    template = template_of(stack)
    group = properties(template, "AWS::OpenSearchServerless::CollectionGroup")
    assert (group["Generation"], group["StandbyReplicas"]) == ("NEXTGEN", "ENABLED")
    assert group["CapacityLimits"]["MinIndexingCapacityInOcu"] == group["CapacityLimits"]["MinSearchCapacityInOcu"] == 0
    (collection,) = resources(template, COLLECTION)
    assert len(collection["DependsOn"]) == 3
    assert collection["Properties"]["Type"] == "TIMESERIES"
    assert collection["Properties"]["DeletionProtection"] == "ENABLED"


def test_tags_of_the_app_do_not_replace_it(stack: cdk.Stack) -> None:
    SearchCollection(stack, "Search")
    cdk.Tags.of(stack).add("release", "1")
    assert "Tags" not in properties(template_of(stack), COLLECTION)


def test_readers_and_writers_have_a_data_access_policy_each_and_each_once(stack: cdk.Stack) -> None:
    search = SearchCollection(stack, "Search")
    reader, writer = role(stack, "Reader"), role(stack, "Writer")
    for _ in range(2):
        search.grant_search(reader, index="flights-*")
        search.grant_index(writer, index="flights-*")
    resource = [f"index/{search.collection_name}/flights-*"]
    reads, writes = sorted(rules(stack), key=lambda one: len(one["Permission"]))
    assert (reads["Resource"], writes["Resource"]) == (resource, resource)
    assert reads["Permission"] == ["aoss:DescribeIndex", "aoss:ReadDocument"]
    assert "aoss:ReadDocument" not in writes["Permission"]


def test_data_access_of_a_role_is_in_the_stack_of_the_role() -> None:
    app = cdk.App(builtin_cloud_formation_validation=False)
    stack, other = cdk.Stack(app, "Data"), cdk.Stack(app, "Other")
    search = SearchCollection(stack, "Search")
    search.grant_search(role(other, "Reader"))
    assert len(rules(other)) == 1
    assert resources(template_of(stack), "AWS::OpenSearchServerless::AccessPolicy") == []


def test_a_service_is_granted_no_data_access(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="ServicePrincipal acts for every account of AWS; say for whom"):
        SearchCollection(stack, "Search").grant_search(iam.ServicePrincipal("lambda.amazonaws.com"))


def test_in_a_network_it_has_no_public_address(stack: cdk.Stack) -> None:
    SearchCollection(stack, "Search", network=LakeNetwork(stack, "Network"))
    policies = [one["Properties"] for one in resources(template_of(stack), "AWS::OpenSearchServerless::SecurityPolicy")]
    (network,) = (json.dumps(one["Policy"]) for one in policies if one["Type"] == "network")
    assert '\\"AllowFromPublic\\":false' in network
    assert "SourceVPCEs" in network


def test_the_least_capacity_is_at_most_the_most(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'min_search_units' must be at most 'max_search_units', which is 2, got 4"):
        SearchCollection(stack, "Search", min_search_units=4)


def test_a_delivery_may_write_the_index_and_reach_the_collection(stack: cdk.Stack) -> None:
    search = SearchCollection(stack, "Search")
    to = OpenSearchServerlessDestination(collection=search, zone=Zone(stack, "Zone"), dataset=FLIGHTS)
    DeliveryStream(stack, "Delivery", destination=to)
    (writes,) = rules(stack)
    assert writes["Resource"] == [f"index/{search.collection_name}/flights"]
    policies = json.dumps(resources(template_of(stack), "AWS::IAM::ManagedPolicy"))
    assert policies.count("aoss:APIAccessAll") == 1


@pytest.mark.parametrize("given", [{}, {"collection_arn": "arn:aws:aoss:eu-west-1:123456789012:collection/abc"}])
def test_a_delivery_without_a_collection_is_refused(stack: cdk.Stack, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a destination needs a 'collection', or 'collection_arn' and"):
        OpenSearchServerlessDestination(zone=Zone(stack, "Zone"), dataset=FLIGHTS, **given)
