"""StreamConsumer: its name, its grant and its alarm."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from lake_blueprints.ingestion.kinesis import Stream, StreamConsumer
from tests.support import properties, resources, template_of


def test_its_readers_subscribe_as_the_consumer_and_do_not_poll(stack: cdk.Stack) -> None:
    stream = Stream(stack, "Stream")
    consumer = StreamConsumer(stack, "Consumer", stream=stream)
    consumer.grant_read(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))
    arn, key = stack.resolve(stream.stream.stream_arn), stack.resolve(stream.key.key_arn)
    statements = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert [(one["Action"], one["Resource"]) for one in statements] == [
        (["kinesis:DescribeStreamSummary", "kinesis:ListShards"], arn),
        (["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"], stack.resolve(consumer.consumer_arn)),
        ("kms:Decrypt", key),
    ]


def test_two_consumers_of_a_stream_have_different_names(stack: cdk.Stack) -> None:
    stream = Stream(stack, "Stream")
    names = {StreamConsumer(stack, name, stream=stream).consumer_name for name in ("One", "Two")}
    assert len(names) == 2


def test_its_alarm_is_about_this_consumer(stack: cdk.Stack) -> None:
    stream = Stream(stack, "Stream", retention=Duration.days(2))
    topic = sns.Topic(stack, "Topic", enforce_ssl=True)
    consumer = StreamConsumer(stack, "Consumer", stream=stream, alarm_topic=topic)
    (alarm,) = (one["Properties"] for one in resources(template_of(stack), "AWS::CloudWatch::Alarm"))
    assert (alarm["MetricName"], alarm["Threshold"]) == ("SubscribeToShardEvent.MillisBehindLatest", 86_400_000)
    assert {one["Name"]: one["Value"] for one in alarm["Dimensions"]} == {
        "StreamName": stack.resolve(stream.stream.stream_name),
        "ConsumerName": consumer.consumer_name,
    }
