"""One fault at a time in a plain lake: each is found by the rules, or by CloudFormation's own validation."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from template_checks.core import check
from tests.support import validation_findings

LAKE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "naive.yaml").read_text())
RULES, VALIDATION = "the rules", "the validation"
NOTHING = object()


@dataclass(frozen=True)
class Mutant:
    """A value put at a path of the template, or taken away, and what is said of it."""

    path: str
    value: Any
    gate: str
    says: str

    @property
    def template(self) -> dict[str, Any]:
        template = deepcopy(LAKE)
        *above, last = ["Resources", *self.path.split("/")] if "Outputs" not in self.path else self.path.split("/")
        place: Any = template
        for key in above:
            place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
        if self.value is NOTHING:
            del place[last]
        elif isinstance(place, list):
            place[int(last)] = self.value
        else:
            place[last] = self.value
        return template


DESTINATION = "Delivery/Properties/ExtendedS3DestinationConfiguration"
STATES = "Steps/Properties/Definition/States"
STATEMENTS = "DeliveryPolicy/Properties/PolicyDocument/Statement"
SDK = {"Fn::Sub": "arn:${AWS::Partition}:states:::aws-sdk:glue:startTheJobRun"}
MUTANTS = {
    # What neither cfn-lint nor CloudFormation's validation finds.
    "DPUs beside workers": Mutant("Job/Properties/MaxCapacity", 10, RULES, "MaxCapacity is 10"),
    "a version of Glue that never was": Mutant("Job/Properties/GlueVersion", "9.9", RULES, 'GlueVersion is "9.9"'),
    "a stream as the crawler's role": Mutant(
        "Crawler/Properties/Role", {"Fn::GetAtt": ["Source", "Arn"]}, RULES, "Role is the AWS::Kinesis::Stream Source"
    ),
    "an ARN that is no role": Mutant(
        "Steps/Properties/RoleArn",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:user/boss"},
        RULES,
        "allowed is the ARN of a role",
    ),
    "an action on what it cannot be done to": Mutant(
        f"{STATEMENTS}/1/Resource", {"Fn::GetAtt": ["Source", "Arn"]}, RULES, "s3:ListBucket on ${Source.Arn}"
    ),
    "a condition key that never was": Mutant(
        f"{STATEMENTS}/1/Condition", {"StringLike": {"s3:prefixes": "raw/*"}}, RULES, 'is "s3:prefixes"'
    ),
    "a state that nothing leads to": Mutant(
        f"{STATES}/Forgotten", {"Type": "Succeed"}, RULES, "Forgotten, which nothing leads to"
    ),
    "an operation that the SDK does not have": Mutant(f"{STATES}/Curate/Resource", SDK, RULES, "startTheJobRun"),
    "seven RPUs": Mutant("Warehouse/Properties/BaseCapacity", 7, RULES, "BaseCapacity is 7"),
    "two destinations": Mutant(
        "Delivery/Properties/HttpEndpointDestinationConfiguration",
        {"EndpointConfiguration": {"Url": "https://example.com"}, "S3Configuration": {}},
        RULES,
        "allowed is nothing beside ExtendedS3DestinationConfiguration",
    ),
    "Parquet with a buffer of 1 MB": Mutant(f"{DESTINATION}/BufferingHints/SizeInMBs", 1, RULES, "SizeInMBs is 1,"),
    "infrequent access at 5 days": Mutant(
        "Lake/Properties/LifecycleConfiguration/Rules/0/Transitions/0/TransitionInDays", 5, RULES, "is 5, allowed is 30"
    ),
    "a trigger's cron of five fields": Mutant(
        "Nightly/Properties/Schedule", "cron(15 2 * * ?)", RULES, "allowed is six fields"
    ),
    # What only cfn-lint finds.
    "an action that never was": Mutant(f"{STATEMENTS}/0/Action", "s3:PutObjects", RULES, "allowed is an action of s3"),
    "a key's statement for nobody": Mutant(
        "Key/Properties/KeyPolicy/Statement/1/Principal", NOTHING, RULES, "allowed is whom the statement speaks of"
    ),
    "a bucket's policy about no bucket": Mutant(
        "LakePolicy/Properties/PolicyDocument/Statement/0/Resource", "lake", RULES, "allowed is the ARN of the bucket"
    ),
    "a state without Next": Mutant(f"{STATES}/Curate/Next", NOTHING, RULES, "Curate with neither Next nor End"),
    "a choice by an operator that never was": Mutant(
        f"{STATES}/Enough/Choices/0",
        {"Variable": "$.rows", "NumericMoreThan": 0, "Next": "Done"},
        RULES,
        "NumericMoreThan in Enough",
    ),
    # What only CloudFormation's validation finds.
    "ports in the wrong order": Mutant(
        "Group/Properties/SecurityGroupIngress/0/FromPort", 5440, VALIDATION, "FromPort"
    ),
    # What both find, and the rules besides.
    "two years of retention in a stream": Mutant(
        "Source/Properties/RetentionPeriodHours", 17520, RULES, "is 17520, allowed is 24 to 8760"
    ),
    "a limit of a kilobyte": Mutant(
        "Queries/Properties/WorkGroupConfiguration/BytesScannedCutoffPerQuery", 1024, RULES, "allowed is 10000000"
    ),
    "logs for 45 days": Mutant("Logs/Properties/RetentionInDays", 45, RULES, "RetentionInDays is 45"),
    "a function of an hour": Mutant("Code/Properties/Timeout", 3600, RULES, "is 3600, allowed is 1 to 900 seconds"),
    "a function of 64 MB": Mutant("Code/Properties/MemorySize", 64, RULES, "is 64, allowed is 128 to 10240 MB"),
    "a port of nobody": Mutant("Warehouse/Properties/Port", 80, RULES, "Port is 80"),
    "a name in upper case": Mutant("Namespace/Properties/NamespaceName", "Lake", RULES, 'NamespaceName is "Lake"'),
    "an instance of EC2": Mutant("Notebook/Properties/InstanceType", "t3.medium", RULES, "allowed is ml.<family>"),
    "a circle": Mutant("Key/DependsOn", "Logs", RULES, "a circle of Key, Logs"),
    "a DependsOn of nothing": Mutant("Job/DependsOn", "Script", RULES, 'DependsOn is "Script"'),
    "a Ref to nothing": Mutant("Crawler/Properties/DatabaseName", {"Ref": "Databse"}, RULES, '"Ref": "Databse"'),
    "a GetAtt of nothing": Mutant(f"{DESTINATION}/BucketARN", {"Fn::GetAtt": ["Bucket", "Arn"]}, RULES, "Bucket"),
    "an effect that never was": Mutant(f"{STATEMENTS}/0/Effect", "Permit", RULES, 'Effect is "Permit"'),
    "a key that waits a day": Mutant("Key/Properties/PendingWindowInDays", 1, RULES, "is 1, allowed is 7 to 30 days"),
    "a start that is no state": Mutant("Steps/Properties/Definition/StartAt", "Begin", RULES, "StartAt Begin"),
    "a state of no type": Mutant(f"{STATES}/Done/Type", "Success", RULES, "type Success of Done"),
    "a bucket in upper case": Mutant("Lake/Properties/BucketName", "TheLake", RULES, 'BucketName is "TheLake"'),
    "a buffer for an hour": Mutant(
        f"{DESTINATION}/BufferingHints/IntervalInSeconds", 3600, RULES, "is 3600, allowed is 0 to 900 seconds"
    ),
    # What is a matter of CloudFormation's schemas.
    "a property that never was": Mutant("Lake/Properties/Encryption", True, VALIDATION, "Encryption"),
    "a property of another type": Mutant("Source/Properties/ShardCount", "many", VALIDATION, "'many' is not of type"),
    "a required property left out": Mutant("Job/Properties/Command", NOTHING, VALIDATION, "Command"),
    "a type that never was": Mutant("Alerts/Type", "AWS::SNS::Topics", VALIDATION, "AWS::SNS::Topics"),
    "an attribute that never was": Mutant(
        f"{DESTINATION}/BucketARN", {"Fn::GetAtt": ["Lake", "ARN"]}, VALIDATION, "ARN"
    ),
    "an output of nothing": Mutant("Outputs/Bucket/Value", {"Ref": "Bucket"}, VALIDATION, "Bucket"),
    "a kind of key that never was": Mutant("Key/Properties/KeySpec", "RSA_1", VALIDATION, "'RSA_1' is not one of"),
    "versioning that never was": Mutant(
        "Lake/Properties/VersioningConfiguration/Status", "On", VALIDATION, "'On' is not one of"
    ),
    "a runtime that never was": Mutant("Code/Properties/Runtime", "python9.9", VALIDATION, "'python9.9' is not"),
    "a compression that never was": Mutant(
        f"{DESTINATION}/CompressionFormat", "LZMA", VALIDATION, "'LZMA' is not one of"
    ),
    "a deletion policy that never was": Mutant("Lake/DeletionPolicy", "Keep", VALIDATION, "Keep"),
    "a trigger of no type": Mutant("Nightly/Properties/Type", "HOURLY", VALIDATION, "HOURLY"),
}


def by_rules(template: dict[str, Any]) -> list[str]:
    return [finding.message for finding in check(template)]


@cache
def before() -> dict[str, list[str]]:
    return {RULES: by_rules(LAKE), VALIDATION: validation_findings(LAKE)}


def test_the_plain_lake_is_sound() -> None:
    assert before() == {RULES: [], VALIDATION: []}


def test_there_are_49() -> None:
    assert len(MUTANTS) == 49


@pytest.mark.parametrize("name", MUTANTS)
def test_finds(name: str) -> None:
    mutant = MUTANTS[name]
    found = by_rules(mutant.template) if mutant.gate == RULES else validation_findings(mutant.template)
    new = [message for message in found if message not in before()[mutant.gate]]
    assert [message for message in new if mutant.says in message], new
