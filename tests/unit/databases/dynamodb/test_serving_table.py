"""ServingTable: keys from a dataset, options and failures."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb

from lake_blueprints import Column, Dataset
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.ingestion.kinesis import Stream
from tests.support import properties, template_of

VISITS = Dataset(
    name="visits",
    columns=[
        Column(name="shop", type="bigint"),
        Column(name="at", type="timestamp"),
        Column(name="badge", type="binary"),
        Column(name="open", type="boolean"),
        Column(name="items", type="array<string>"),
    ],
    primary_key=["shop", "at"],
)


def table(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), "AWS::DynamoDB::Table")


def test_is_paid_by_request_encrypted_backed_up_and_protected_by_default(stack: cdk.Stack) -> None:
    found = ServingTable(stack, "Table", dataset=VISITS)
    assert table(stack) == {
        "AttributeDefinitions": [
            {"AttributeName": "shop", "AttributeType": "N"},
            {"AttributeName": "at", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "shop", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": stack.resolve(found.key.key_arn),
        },
    }


def test_takes_other_keys_than_the_primary_key(stack: cdk.Stack) -> None:
    found = ServingTable(stack, "Table", dataset=VISITS, partition_key="badge")
    assert found.keys == ("badge",)
    assert table(stack)["AttributeDefinitions"] == [{"AttributeName": "badge", "AttributeType": "B"}]


def test_needs_no_dataset_for_keys_with_types(stack: cdk.Stack) -> None:
    key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
    assert ServingTable(stack, "Table", partition_key=key).keys == ("id",)


def test_items_expire_changes_flow_and_requests_have_a_ceiling(stack: cdk.Stack) -> None:
    stream = Stream(stack, "Stream").stream
    ServingTable(
        stack,
        "Table",
        dataset=VISITS,
        time_to_live="expires",
        stream=stream,
        max_read_request_units=100,
        max_write_request_units=50,
    )
    found = table(stack)
    assert found["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert found["KinesisStreamSpecification"]["StreamArn"] == stack.resolve(stream.stream_arn)
    assert found["OnDemandThroughput"] == {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50}


def test_a_ceiling_may_be_a_parameter_of_the_stack(stack: cdk.Stack) -> None:
    units = cdk.CfnParameter(stack, "Units", type="Number").value_as_number
    ServingTable(stack, "Table", dataset=VISITS, max_read_request_units=units)  # type: ignore[arg-type]
    assert table(stack)["OnDemandThroughput"] == {"MaxReadRequestUnits": {"Ref": "Units"}}


def test_may_be_deleted_only_if_both_switches_agree(stack: cdk.Stack) -> None:
    stack.node.set_context("lake-blueprints:destroy-data", True)
    ServingTable(stack, "Table", dataset=VISITS, removal_policy=RemovalPolicy.DESTROY)
    assert table(stack)["DeletionProtectionEnabled"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "a table needs a 'partition_key', or a 'dataset'"),
        ({"sort_key": "at"}, "'sort_key' needs a 'partition_key'"),
        ({"partition_key": "shop"}, "the type of the key 'shop' is not known; give a dynamodb.Attribute"),
        ({"dataset": evolve(VISITS, primary_key=())}, "dataset 'visits' has 0 primary key columns"),
        ({"dataset": VISITS, "partition_key": "town"}, "the key 'town' is no column of dataset 'visits'"),
        ({"dataset": VISITS, "partition_key": "open"}, "the key 'open' is a boolean; DynamoDB takes text, numbers"),
        ({"dataset": VISITS, "partition_key": "items"}, "the key 'items' is a array<string>; DynamoDB takes"),
    ],
)
def test_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ServingTable(stack, "Table", **options)
