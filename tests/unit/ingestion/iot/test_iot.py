"""Rules of IoT Core: their statements, actions and errors, and what devices may publish."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sqs as sqs

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.ingestion.firehose import DeliveryStream, S3Destination
from lake_blueprints.ingestion.iot import (
    DeliveryAction,
    DeviceIngest,
    DevicePolicy,
    ItemAction,
    ObjectAction,
    QueueAction,
    RuleAction,
    StreamAction,
)
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

TELEMETRY = Dataset(
    name="telemetry",
    version="2.1.0",
    columns=[
        Column(name="device", type="string"),
        Column(name="temp", type="double"),
        Column(name="received", type="bigint"),
    ],
)
DERIVED = {"device": "topic(2)", "received": "timestamp()"}


def ingest(stack: cdk.Stack, *actions: RuleAction, **options: Any) -> DeviceIngest:
    raw = options.pop("errors", None) or Zone(stack, "Raw")
    chosen = actions or (StreamAction(stream=Stream(stack, "Stream", encryption_key=raw.key)),)
    common = {"topic_filter": "dt/+/telemetry", "dataset": TELEMETRY, "derive": DERIVED}
    return DeviceIngest(stack, "Ingest", errors=raw, actions=list(chosen), **{**common, **options})


def payload(stack: cdk.Stack) -> dict[str, Any]:
    found: dict[str, Any] = properties(template_of(stack), "AWS::IoT::TopicRule")["TopicRulePayload"]
    return found


def test_the_statement_selects_the_columns_of_the_contract(stack: cdk.Stack) -> None:
    made = ingest(stack, where="temp < 200")
    expected = "SELECT topic(2) AS device, temp, timestamp() AS received FROM 'dt/+/telemetry' WHERE temp < 200"
    assert payload(stack)["Sql"] == made.sql == expected
    assert payload(stack)["AwsIotSqlVersion"] == "2016-03-23"
    assert payload(stack)["Description"] == "Hands on messages of the dataset telemetry, contract version 2.1.0"
    assert payload(stack)["RuleDisabled"] is False


def test_what_an_action_fails_to_take_lies_in_the_zone_of_errors_by_day(stack: cdk.Stack) -> None:
    made = ingest(stack)
    action = payload(stack)["ErrorAction"]["S3"]
    day = '${parse_time("yyyy-MM-dd", timestamp(), "UTC")}'
    assert action["Key"] == f"errors/iot/telemetry/{day}/${{newuuid()}}.json"
    assert action["BucketName"] == stack.resolve(made.errors.bucket.bucket_name)


def test_each_action_acts_under_the_one_role_of_the_rule(stack: cdk.Stack) -> None:
    raw = Zone(stack, "Raw")
    delivery = DeliveryStream(stack, "Delivery", destination=S3Destination(zone=raw, dataset=TELEMETRY))
    key = dynamodb.Attribute(name="device", type=dynamodb.AttributeType.STRING)
    ingest(
        stack,
        StreamAction(stream=Stream(stack, "Stream", encryption_key=raw.key), partition_key="${topic(2)}"),
        DeliveryAction(delivery=delivery),
        ObjectAction(zone=raw, prefix="images/", name="${topic(2)}/${newuuid()}.json"),
        QueueAction(queue=sqs.Queue(stack, "Queue", encryption_master_key=raw.key)),
        ItemAction(table=dynamodb.Table(stack, "Table", partition_key=key)),
        errors=raw,
    )
    actions = payload(stack)["Actions"]
    assert [next(iter(action)) for action in actions] == ["Kinesis", "Firehose", "S3", "Sqs", "DynamoDBv2"]
    assert actions[0]["Kinesis"]["PartitionKey"] == "${topic(2)}"
    assert actions[2]["S3"]["Key"] == "images/${topic(2)}/${newuuid()}.json"
    roles = {json.dumps(next(iter(action.values()))["RoleArn"]) for action in actions}
    assert len(roles) == 1
    policies = resources(template_of(stack), "AWS::IAM::ManagedPolicy")
    [document] = [
        one["Properties"]["PolicyDocument"] for one in policies if "Hands on" in one["Properties"]["Description"]
    ]
    allowed = {name for one in document["Statement"] for name in [one["Action"]] if isinstance(name, str)}
    assert allowed >= {"kinesis:PutRecord", "firehose:PutRecord", "s3:PutObject", "sqs:SendMessage", "dynamodb:PutItem"}


def test_messages_with_restricted_columns_are_kept_from_readers_of_the_zones(stack: cdk.Stack) -> None:
    device = evolve(TELEMETRY.column("device"), classification="restricted")
    restricted = evolve(TELEMETRY, columns=[device, *TELEMETRY.columns[1:]])
    raw = Zone(stack, "Raw")
    ingest(stack, ObjectAction(zone=raw, prefix="images/"), dataset=restricted, errors=raw)
    assert set(raw.restricted_prefixes) == {"errors/iot/telemetry/", "images/"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"topic_filter": "$aws/things/+/shadow"}, "must name topics of devices, such as 'dt/\\+/telemetry'"),
        ({"topic_filter": "dt/a+/telemetry"}, r"\+ is a whole level and # the last one, got 'dt/a\+/telemetry'"),
        ({"topic_filter": "dt/#/telemetry"}, "# the last one, got 'dt/#/telemetry'"),
        ({"topic_filter": "a/b/c/d/e/f/g/h/+"}, "at most 8 levels, got 9"),
        ({"derive": {"site": "topic(1)"}}, "'derive' names 'site', which dataset 'telemetry' does not have"),
        ({"derive": {**DERIVED, "device": "topic(4)"}}, r"topic\(4\) is beyond the 3 levels of 'dt/\+/telemetry'"),
        ({"where": "topic(0) = 'dt'"}, r"topic\(0\) is beyond the 3 levels"),
    ],
)
def test_refuses_what_is_no_statement(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ingest(stack, **options)


def test_a_filter_of_all_that_follow_has_any_level(stack: cdk.Stack) -> None:
    made = ingest(stack, topic_filter="dt/#", derive={**DERIVED, "device": "topic(7)"})
    assert "topic(7) AS device" in made.sql


def test_refuses_a_column_that_is_a_word_of_the_sql(stack: cdk.Stack) -> None:
    dataset = evolve(TELEMETRY, columns=[*TELEMETRY.columns, Column(name="value", type="double")])
    with pytest.raises(ValueError, match="column 'value' of dataset 'telemetry' is a word of IoT's SQL"):
        ingest(stack, dataset=dataset)


def test_takes_such_a_column_if_it_is_derived(stack: cdk.Stack) -> None:
    dataset = evolve(TELEMETRY, columns=[*TELEMETRY.columns, Column(name="value", type="double")])
    assert "measured AS value" in ingest(stack, dataset=dataset, derive={**DERIVED, "value": "measured"}).sql


def test_refuses_a_delivery_that_reads_a_stream_or_is_of_another_dataset(stack: cdk.Stack) -> None:
    raw = Zone(stack, "Raw")
    stream = Stream(stack, "Stream", encryption_key=raw.key)
    reading = DeliveryStream(stack, "Reading", source=stream, destination=S3Destination(zone=raw, dataset=TELEMETRY))
    with pytest.raises(ValueError, match="reads a stream; give a StreamAction of that stream instead"):
        ingest(stack, DeliveryAction(delivery=reading), errors=raw)


def test_refuses_a_delivery_of_another_dataset(stack: cdk.Stack) -> None:
    raw = Zone(stack, "Raw")
    other = S3Destination(zone=raw, dataset=evolve(TELEMETRY, name="alerts"))
    delivery = DeliveryStream(stack, "Delivery", destination=other)
    with pytest.raises(ValueError, match="is of the dataset 'alerts', and the rule selects 'telemetry'"):
        ingest(stack, DeliveryAction(delivery=delivery), errors=raw)


def test_refuses_a_key_that_every_message_would_overwrite(stack: cdk.Stack) -> None:
    raw = Zone(stack, "Raw")
    with pytest.raises(ValueError, match=r"must differ from message to message, got 'latest\.json'"):
        ObjectAction(zone=raw, prefix="images/", name="latest.json")


def test_refuses_a_fifo_queue(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="IoT sends to no FIFO queue"):
        QueueAction(queue=sqs.Queue(stack, "Queue", fifo=True))


def document(stack: cdk.Stack) -> Any:
    return properties(template_of(stack), "AWS::IoT::Policy")["PolicyDocument"]


def joined(value: Any) -> str:
    parts = value["Fn::Join"][1] if isinstance(value, dict) else [value]
    return "".join(part if isinstance(part, str) else f"<{part['Ref'].rpartition('::')[2]}>" for part in parts)


def test_a_thing_connects_as_itself_and_publishes_to_its_own_topic(stack: cdk.Stack) -> None:
    DevicePolicy(stack, "Policy", ingests=[ingest(stack)])
    connect, publish = document(stack)["Statement"]
    at = "arn:<Partition>:iot:<Region>:<AccountId>"
    assert joined(connect["Resource"]) == f"{at}:client/${{iot:Connection.Thing.ThingName}}"
    assert connect["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}
    [topic] = [publish["Resource"]] if isinstance(publish["Resource"], dict) else publish["Resource"]
    assert joined(topic) == f"{at}:topic/dt/${{iot:Connection.Thing.ThingName}}/telemetry"
    assert (connect["Action"], publish["Action"]) == ("iot:Connect", "iot:Publish")


def test_by_basic_ingest_a_thing_reaches_the_rule_alone(stack: cdk.Stack) -> None:
    made = ingest(stack)
    DevicePolicy(stack, "Policy", ingests=[made], basic_ingest=True)
    [topic] = document(stack)["Statement"][1]["Resource"]
    rule = stack.resolve(made.rule_name)["Ref"]
    assert joined(topic).endswith(f":topic/$aws/rules/<{rule}>/dt/${{iot:Connection.Thing.ThingName}}/telemetry")


@pytest.mark.parametrize("topic_filter", ["dt/#", "dt/telemetry", "dt/+/+"])
def test_refuses_rules_whose_topics_are_not_a_things_own(stack: cdk.Stack, topic_filter: str) -> None:
    made = ingest(stack, topic_filter=topic_filter, derive={"device": "topic(1)", "received": "timestamp()"})
    with pytest.raises(ValueError, match=r"must have one \+, which is the name of the thing, and no #"):
        DevicePolicy(stack, "Policy", ingests=[made])


def test_refuses_a_policy_without_rules(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'ingests' is empty"):
        DevicePolicy(stack, "Policy", ingests=[])
