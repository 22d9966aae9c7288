"""HttpDestination: requests, credentials, backup and alarms."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from attrs import evolve
from aws_cdk import Duration, Size
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.foundation.encryption import LakeKey
from lake_blueprints.ingestion.firehose import Buffer, BufferingHints, DeliveryStream, HttpDestination, Transform
from lake_blueprints.storage.s3 import Zone
from tests.support import properties, resources, template_of

CLICKS = Dataset(name="clicks", columns=[Column(name="page", type="string")])
URL = "https://collector.example.com/clicks"


def destination(stack: cdk.Stack, dataset: Dataset = CLICKS, **options: Any) -> HttpDestination:
    zone = stack.node.try_find_child("Zone") or Zone(stack, "Zone")
    assert isinstance(zone, Zone)
    return HttpDestination(**{"url": URL, "zone": zone, "dataset": dataset, **options})


def to_endpoint(stack: cdk.Stack, **options: Any) -> dict[str, Any]:
    transform = options.pop("transform", None)
    DeliveryStream(stack, "Delivery", destination=destination(stack, **options), transform=transform)
    found = properties(template_of(stack), "AWS::KinesisFirehose::DeliveryStream")
    result: dict[str, Any] = found["HttpEndpointDestinationConfiguration"]
    return result


def test_requests_are_compressed_and_what_fails_goes_below_the_error_prefix_under_the_key(stack: cdk.Stack) -> None:
    found = to_endpoint(stack)
    assert found["EndpointConfiguration"] == {"Name": "clicks", "Url": URL}
    assert found["RequestConfiguration"] == {"ContentEncoding": "GZIP"}
    assert found["BufferingHints"] == {"SizeInMBs": 5, "IntervalInSeconds": 300}
    assert found["RetryOptions"] == {"DurationInSeconds": 300}
    assert found["S3BackupMode"] == "FailedDataOnly"
    backup = found["S3Configuration"]
    assert backup["ErrorOutputPrefix"] == "errors/clicks/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/"
    assert "KMSEncryptionConfig" in backup["EncryptionConfiguration"]
    assert "Prefix" not in backup
    assert "SecretsManagerConfiguration" not in found


def test_the_access_key_is_read_from_one_secret_and_no_other(stack: cdk.Stack) -> None:
    secret = secretsmanager.Secret(stack, "AccessKey", encryption_key=LakeKey(stack, "SecretKey").key)
    found = to_endpoint(stack, secret=secret)
    assert found["SecretsManagerConfiguration"] == {
        "Enabled": True,
        "RoleARN": found["RoleARN"],
        "SecretARN": stack.resolve(secret.secret_arn),
    }
    assert "AccessKey" not in found["EndpointConfiguration"]
    (policy,) = resources(template_of(stack), "AWS::IAM::ManagedPolicy")
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    allowed = {str(one["Action"]): one["Resource"] for one in statements}
    assert allowed["secretsmanager:GetSecretValue"] == stack.resolve(secret.secret_arn)
    assert allowed["kms:Decrypt"] == stack.resolve(secret.encryption_key and secret.encryption_key.key_arn)


def test_all_records_can_be_kept_as_they_came(stack: cdk.Stack) -> None:
    found = to_endpoint(stack, backup_all=True)
    assert found["S3BackupMode"] == "AllData"
    assert found["S3Configuration"]["Prefix"] == "backup/clicks/"
    (policy,) = resources(template_of(stack), "AWS::IAM::ManagedPolicy")
    assert "/backup/clicks/*" in str(policy)


def test_attributes_describe_each_request(stack: cdk.Stack) -> None:
    found = to_endpoint(stack, attributes={"stage": "prod"})
    assert found["RequestConfiguration"]["CommonAttributes"] == [{"AttributeName": "stage", "AttributeValue": "prod"}]


def test_a_function_may_change_the_records(stack: cdk.Stack) -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:change"
    function = lambda_.Function.from_function_arn(stack, "Function", arn)
    found = to_endpoint(stack, transform=Transform(function=function))
    (processor,) = found["ProcessingConfiguration"]["Processors"]
    assert processor["Type"] == "Lambda"


def test_alarms_are_about_the_endpoint(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    DeliveryStream(stack, "Delivery", destination=destination(stack), alarm_topic=topic)
    alarms = [one["Properties"] for one in resources(template_of(stack), "AWS::CloudWatch::Alarm")]
    assert {(one["MetricName"], one["Statistic"], one["Threshold"]) for one in alarms} == {
        ("DeliveryToHttpEndpoint.DataFreshness", "Maximum", 900),
        ("DeliveryToHttpEndpoint.Success", "Minimum", 1),
        ("ThrottledRecords", "Sum", 0),
    }


def test_a_delivery_to_an_endpoint_leaves_no_landing(stack: cdk.Stack) -> None:
    delivery = DeliveryStream(stack, "Delivery", destination=destination(stack, backup_all=True))
    with pytest.raises(ValueError, match="is to a HttpDestination, which leaves no records in a zone"):
        _ = delivery.landing


@pytest.mark.parametrize(
    "url",
    ["http://collector.example.com", "collector.example.com", "https://collector.example.com:8443/in", "https://"],
)
def test_firehose_reaches_https_at_port_443_only(stack: cdk.Stack, url: str) -> None:
    with pytest.raises(ValueError, match=f"must be https, at port 443 and of at most 1000 characters, got '{url}'"):
        destination(stack, url=url)


@pytest.mark.parametrize("url", ["https://c.example.com", "https://c.example.com:443/in?a=b", "https://c?x"])
def test_an_address_may_have_a_path_and_a_query(stack: cdk.Stack, url: str) -> None:
    assert destination(stack, url=url).url == url


def test_an_address_has_at_most_1000_characters(stack: cdk.Stack) -> None:
    most = URL + "x" * (1000 - len(URL))
    assert destination(stack, url=most).url == most
    with pytest.raises(ValueError, match="of at most 1000 characters"):
        destination(stack, url=f"{most}x")


def test_an_address_that_is_known_at_deployment_is_not_judged(stack: cdk.Stack) -> None:
    url = cdk.CfnParameter(stack, "Url").value_as_string
    assert destination(stack, url=url).url == url


def test_requests_have_at_most_50_attributes(stack: cdk.Stack) -> None:
    attributes = {f"a{number}": "" for number in range(50)}
    assert destination(stack, attributes=attributes).attributes == attributes
    with pytest.raises(ValueError, match="at most 50 attributes, got 51"):
        destination(stack, attributes={**attributes, "one": "more"})


def test_restricted_columns_leave_the_lake_only_if_that_is_meant(stack: cdk.Stack) -> None:
    hidden = Column(name="person", type="string", classification="restricted")
    dataset = evolve(CLICKS, columns=[*CLICKS.columns, hidden])
    with pytest.raises(ValueError, match="'clicks' would leave the lake with the restricted columns 'person'"):
        destination(stack, dataset)
    assert destination(stack, dataset, restricted=True).dataset is dataset


def test_a_buffer_is_what_the_endpoint_takes(stack: cdk.Stack) -> None:
    to = destination(stack)
    buffer = Buffer(size=Size.mebibytes(64), interval=Duration.seconds(0))
    assert to.buffering(buffer) == BufferingHints(megabytes=64, seconds=0)
    with pytest.raises(ValueError, match="'size' must be 1 to 64 MiB to an HTTP endpoint, got 65 MiB"):
        to.buffering(Buffer(size=Size.mebibytes(65)))
