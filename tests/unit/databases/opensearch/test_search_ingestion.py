"""A pipeline from a stream into an index: what it reads and writes, under which names, and what it refuses."""

from __future__ import annotations

import json
import re
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis

from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.databases.opensearch import CollectionKind, SearchCollection, SearchDomain, SearchIngestion
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

PIPELINE = "AWS::OSIS::Pipeline"
FLIGHTS = Dataset(name="flights", columns=[Column(name="id", type="bigint")], format=DatasetFormat.JSON)
PEOPLE = evolve(FLIGHTS, columns=[Column(name="name", type="string", classification="restricted")])


def ingestion(stack: cdk.Stack, construct_id: str = "Ingestion", **options: Any) -> SearchIngestion:
    given = {
        "source": Stream(stack, f"{construct_id}Stream").stream,
        "target": SearchCollection(stack, f"{construct_id}Search"),
        "dataset": FLIGHTS,
        "zone": Zone(stack, f"{construct_id}Zone"),
    }
    return SearchIngestion(stack, construct_id, **{**given, **options})


def records(stack: cdk.Stack) -> dict[str, Any]:
    """Return the sub-pipeline, with `{}` for what is known at deployment."""
    parts = properties(template_of(stack), PIPELINE)["PipelineConfigurationBody"]["Fn::Join"][1]
    found: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "{}" for part in parts))["records"]
    return found


def sink(stack: cdk.Stack) -> dict[str, Any]:
    found: dict[str, Any] = records(stack)["sink"][0]["opensearch"]
    return found


def actions(stack: cdk.Stack) -> set[str]:
    policies = resources(template_of(stack), "AWS::IAM::ManagedPolicy")
    statements = [one for policy in policies for one in policy["Properties"]["PolicyDocument"]["Statement"]]
    return {
        action
        for one in statements
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }


def test_records_are_polled_from_the_oldest_and_done_with_once_they_are_written(stack: cdk.Stack) -> None:
    ingestion(stack)
    source = records(stack)["source"]["kinesis_data_streams"]
    assert (source["acknowledgments"], source["consumer_strategy"], source["codec"]) == (
        True,
        "polling",
        {"ndjson": {}},
    )
    assert source["polling"] == {"max_polling_records": 100, "idle_time_between_reads": "250ms"}
    assert source["streams"] == [{"stream_name": "{}", "initial_position": "EARLIEST"}]


def test_the_index_is_named_as_the_dataset_and_what_it_refuses_lies_in_the_zone(stack: cdk.Stack) -> None:
    made = ingestion(stack)
    found = sink(stack)
    assert (found["index"], found["hosts"], found["aws"]["serverless"]) == ("flights", ["{}"], True)
    assert found["dlq"]["s3"] == {"bucket": "{}", "key_path_prefix": "errors/flights/search/", "region": "{}"}
    assert made.error_prefix == "errors/flights/"


def test_a_document_has_the_id_of_its_record_where_documents_have_ids(stack: cdk.Stack) -> None:
    ingestion(stack)
    of = ("partition_key", "sequence_number", "sub_sequence_number")
    assert sink(stack)["document_id"] == "_".join(f'${{getMetadata("{part}")}}' for part in of)


def test_a_document_of_a_time_series_has_no_id(stack: cdk.Stack) -> None:
    ingestion(stack, target=SearchCollection(stack, "Series", kind=CollectionKind.TIME_SERIES), index="events")
    found = sink(stack)
    assert "document_id" not in found
    assert found["index"] == "events"


def test_it_waits_for_its_access_to_the_index_alone(stack: cdk.Stack) -> None:
    made = ingestion(stack, index="events")
    template = template_of(stack)
    (pipeline,) = resources(template, PIPELINE)
    (policy,) = pipeline["DependsOn"]
    rules = json.dumps(template["Resources"][policy]["Properties"]["Policy"])
    assert isinstance(made.target, SearchCollection)
    assert f"index/{made.target.collection_name}/events" in rules
    assert "aoss:WriteDocument" in rules
    assert "aoss:ReadDocument" not in rules


def test_its_role_reads_the_stream_and_changes_no_policy_of_the_collection(stack: cdk.Stack) -> None:
    ingestion(stack)
    found = actions(stack)
    assert found >= {
        "kinesis:GetRecords",
        "kms:Decrypt",
        "s3:PutObject",
        "aoss:BatchGetCollection",
        "aoss:APIAccessAll",
    }
    assert not {one for one in found if "SecurityPolicy" in one or "Consumer" in one}


def test_a_stream_without_a_key_needs_no_decryption(stack: cdk.Stack) -> None:
    ingestion(
        stack,
        source=kinesis.Stream.from_stream_arn(
            stack, "Theirs", stack.format_arn(service="kinesis", resource="stream", resource_name="theirs")
        ),
    )
    assert "kms:Decrypt" not in actions(stack)


@pytest.mark.parametrize("construct_id", ["I", "AnIngestionOfManyFlightsFromManyAirports"])
def test_its_name_is_one_that_opensearch_ingestion_takes(construct_id: str, stack: cdk.Stack) -> None:
    made, other = ingestion(stack, construct_id), ingestion(stack, f"{construct_id}2")
    assert re.fullmatch(r"[a-z][a-z0-9-]{2,27}", made.pipeline_name)
    assert made.pipeline_name != other.pipeline_name
    groups = [one["Properties"] for one in resources(template_of(stack), "AWS::Logs::LogGroup")]
    names = [one["LogGroupName"]["Fn::Join"][1][0] for one in groups]
    assert f"/aws/vendedlogs/OpenSearchIngestion/{made.pipeline_name}-" in names
    assert {one["RetentionInDays"] for one in groups} == {365}


def test_units_are_as_given(stack: cdk.Stack) -> None:
    ingestion(stack, min_units=3, max_units=4)
    found = properties(template_of(stack), PIPELINE)
    assert (found["MinUnits"], found["MaxUnits"]) == (3, 4)


def test_the_least_units_are_at_most_the_most(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'min_units' must be at most 'max_units', which is 2, got 3"):
        ingestion(stack, min_units=3)


def test_a_collection_in_a_network_gets_a_policy_to_which_the_pipeline_adds_its_endpoint(stack: cdk.Stack) -> None:
    private = SearchCollection(stack, "Private", network=LakeNetwork(stack, "Network"))
    ingestion(stack, target=private)
    policy: Any = stack.node.find_child("Ingestion").node.find_child("Network")
    assert sink(stack)["aws"]["serverless_options"] == {"network_policy_name": policy.name}
    assert policy.name != private.collection_name
    template = template_of(stack)
    (pipeline,) = resources(template, PIPELINE)
    waits = [template["Resources"][name]["Properties"] for name in pipeline["DependsOn"]]
    (network,) = [one for one in waits if one["Type"] == "network"]
    assert network["Name"] == policy.name
    assert '"AllowFromPublic":false' in str(network["Policy"])
    assert actions(stack) >= {"aoss:GetSecurityPolicy", "aoss:UpdateSecurityPolicy"}


def test_a_domain_is_written_to_by_the_role_that_its_administrator_maps(stack: cdk.Stack) -> None:
    administrator = iam.Role(stack, "Administrator", assumed_by=iam.AccountRootPrincipal())
    domain = SearchDomain(stack, "Domain", administrator=administrator)
    made = ingestion(stack, target=domain)
    found = sink(stack)
    assert (found["index_type"], found["aws"]) == ("management_disabled", {"region": "{}"})
    assert found["document_id"].startswith("${getMetadata")
    assert domain.access_requests["_plugins/_security/api/rolesmapping/lake-index-flights"] == {
        "backend_roles": [made.role.role_arn]
    }
    assert actions(stack) >= {"es:DescribeDomain", "es:ESHttpPost"}
    assert not {one for one in actions(stack) if one.startswith("aoss:")}


def test_records_that_are_not_json_are_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="documents are JSON records, but dataset 'flights' is csv"):
        ingestion(stack, dataset=evolve(FLIGHTS, format=DatasetFormat.CSV))


def test_restricted_columns_are_searched_only_if_the_caller_says_so(stack: cdk.Stack) -> None:
    with pytest.raises(
        ValueError, match="would be searched by the restricted columns 'name'; give a stream without them"
    ):
        ingestion(stack, dataset=PEOPLE)
    made = ingestion(stack, "Open", dataset=PEOPLE, restricted=True)
    assert made.zone.restricted_prefixes == ("errors/flights/",)


def test_a_name_that_no_index_has_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(
        ValueError, match="an 'index' has 1 to 255 of a-z, 0-9, '_' and '-' and begins with a letter, got"
    ):
        ingestion(stack, index="Flights")
