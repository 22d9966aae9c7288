"""False alarms of the past: templates that look wrong and are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from template_checks.command.finding import Finding, Unread
from template_checks.command.gates import control_tower, iam, nag
from template_checks.core import check
from template_checks.core.assembly import template_in
from tests.template_checks.rules.examples import template

QUEUE, MAPPING = "AWS::SQS::Queue", "AWS::Lambda::EventSourceMapping"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def delivery(key: Any) -> dict[str, list[Any]]:
    """Return a delivery from a stream under a key, by a role that may do nothing with keys."""
    source = {"KinesisStreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}, "RoleARN": {"Fn::GetAtt": ["Role", "Arn"]}}
    return {
        "Stream": ["AWS::Kinesis::Stream", {"StreamEncryption": {"EncryptionType": "KMS", "KeyId": key}}],
        "Role": ["AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST}],
        "Delivery": ["AWS::KinesisFirehose::DeliveryStream", {"KinesisStreamSourceConfiguration": source}],
    }


def attached(role: Any, action: Any, effect: Any = "Allow") -> dict[str, list[Any]]:
    """Return a delivery into a bucket, by a role with a policy that is attached to a role."""
    statement = {"Effect": effect, "Action": action, "Resource": "*"}
    destination = {"BucketARN": "arn:aws:s3:::lake", "RoleARN": {"Fn::GetAtt": ["Role", "Arn"]}}
    return {
        "Role": ["AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST}],
        "Policy": ["AWS::IAM::Policy", {"Roles": [role], "PolicyDocument": {"Statement": [statement]}}],
        "Delivery": ["AWS::KinesisFirehose::DeliveryStream", {"ExtendedS3DestinationConfiguration": destination}],
    }


def mapping(**queue: Any) -> dict[str, list[Any]]:
    arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    return {
        "Queue": [QUEUE, queue],
        "Mapping": [MAPPING, {"FunctionName": "f", "EventSourceArn": arn, "BatchSize": 11}],
    }


RIGHT = {
    "a stream under the key that AWS manages": (delivery("alias/aws/kinesis"), "LAKE-KMS-008"),
    "that key by its ARN": (
        delivery({"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/aws/kinesis"}),
        "LAKE-KMS-008",
    ),
    "a queue under a KMS key instead of SQS's": (
        {"Queue": [QUEUE, {"SqsManagedSseEnabled": False, "KmsMasterKeyId": "alias/orders"}]},
        "LAKE-EXPOSURE-005",
    ),
    "a table under the key that AWS owns": (
        {"Table": ["AWS::DynamoDB::Table", {"SSESpecification": {"SSEEnabled": False}}]},
        "LAKE-EXPOSURE-005",
    ),
    "a role whose name DMS demands": (
        {"Role": ["AWS::IAM::Role", {"RoleName": "dms-vpc-role", "AssumeRolePolicyDocument": TRUST}]},
        "LAKE-LIFECYCLE-001",
    ),
    "a policy of a role that a parameter names": (attached({"Ref": "Name"}, "s3:PutObject"), "LAKE-FIREHOSE-025"),
    "a policy whose action is a parameter": (attached({"Ref": "Role"}, {"Ref": "Action"}), "LAKE-FIREHOSE-025"),
    "a policy whose effect is a parameter": (
        attached({"Ref": "Role"}, "s3:PutObject", {"Ref": "Effect"}),
        "LAKE-FIREHOSE-025",
    ),
    "a bucket whose name WAF demands": (
        {"Bucket": ["AWS::S3::Bucket", {"BucketName": "aws-waf-logs-shop"}]},
        "LAKE-LIFECYCLE-001",
    ),
}
WRONG = {
    "a stream under another key": (delivery("alias/orders"), "LAKE-KMS-008"),
    "a policy of other actions of a role that a parameter names": (
        attached({"Ref": "Name"}, "s3:GetObject"),
        "LAKE-FIREHOSE-025",
    ),
    "a policy of another role": (attached("other", "s3:PutObject"), "LAKE-FIREHOSE-025"),
    "a policy that denies": (attached({"Ref": "Role"}, {"Ref": "Action"}, "Deny"), "LAKE-FIREHOSE-025"),
    "a queue under no key": ({"Queue": [QUEUE, {"SqsManagedSseEnabled": False}]}, "LAKE-EXPOSURE-005"),
    "a cache under no key": (
        {"Cache": ["AWS::DAX::Cluster", {"SSESpecification": {"SSEEnabled": False}}]},
        "LAKE-EXPOSURE-005",
    ),
    "a role whose name nobody demands": (
        {"Role": ["AWS::IAM::Role", {"RoleName": "jobs", "AssumeRolePolicyDocument": TRUST}]},
        "LAKE-LIFECYCLE-001",
    ),
}


def rules_of(resources: dict[str, list[Any]]) -> set[str]:
    return {one.rule.id for one in check(template(resources))}


@pytest.mark.parametrize("case", RIGHT)
def test_is_not_blamed(case: str) -> None:
    resources, rule = RIGHT[case]
    assert rule not in rules_of(resources)


@pytest.mark.parametrize("case", WRONG)
def test_its_neighbour_is(case: str) -> None:
    resources, rule = WRONG[case]
    assert rule in rules_of(resources)


def test_large_batches_of_a_fifo_queue_need_no_window_which_it_does_not_take() -> None:
    def said(**queue: Any) -> list[str]:
        return [one.allowed for one in check(template(mapping(**queue))) if one.rule.id == "LAKE-EVENTS-009"]

    assert said(FifoQueue=True) == ["1 to 10 messages of a FIFO queue"]
    assert said() == ["1 second or more for batches of more than 10"]


def stack(resources: dict[str, list[Any]], **sections: Any) -> Any:
    return template_in({**template(resources), **sections}, name="S", path=Path("S.template.json"))


def reader(source: Any) -> dict[str, list[Any]]:
    statement = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": source}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Policy": ["AWS::IAM::ManagedPolicy", {"PolicyDocument": document}]}


def test_the_type_of_a_value_that_only_the_deployment_knows_is_not_judged() -> None:
    known_later = {"Fn::Sub": "${Function.Arn}"}, {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "Arns"}]}]}
    assert [list(iam.findings([stack(reader(source))])) for source in known_later] == [[], []]
    (found,) = iam.findings([stack(reader("orders"))])
    assert isinstance(found, Finding)
    assert found.rules == ("MISMATCHED_TYPE",)


def test_a_control_that_cannot_read_joined_text_says_nothing_of_it() -> None:
    def controls(host: Any) -> set[str]:
        configuration = {
            "LogConfig": {"FieldLogLevel": "ALL", "CloudWatchLogsRoleArn": host},
            "Name": "orders",
            "AuthenticationType": "AWS_IAM",
        }
        return {
            rule
            for one in control_tower.findings([stack({"Api": ["AWS::AppSync::GraphQLApi", configuration]})])
            for rule in one.rules
        }

    written = controls("arn:aws:iam::123456789012:role/logs")
    assert controls({"Fn::Join": ["", ["arn:aws:iam::", {"Ref": "AWS::AccountId"}, ":role/logs"]]}) == written
    assert controls({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/logs"}) == written


def test_a_rule_of_cdk_nag_that_threw_an_error_is_not_read_instead_of_a_finding() -> None:
    ingress = {
        "IpProtocol": "tcp",
        "FromPort": {"Ref": "Port"},
        "ToPort": {"Ref": "Port"},
        "CidrIp": {"Fn::Join": ["", ["10.0.", {"Ref": "Port"}]]},
    }
    group = ["AWS::EC2::SecurityGroup", {"GroupDescription": "jobs", "SecurityGroupIngress": [ingress]}]
    given = stack({"Group": group}, Parameters={"Port": {"Type": "Number"}})
    found = list(nag.findings([given], packs=["aws-solutions", "hipaa"]))
    unread = [one for one in found if isinstance(one, Unread)]
    assert unread and all(one.what.startswith("Group: what ") for one in unread)
    assert not [one for one in found if not isinstance(one, Unread) and "threw an error" in one.message]
