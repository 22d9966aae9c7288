"""Dynamic references: the service gets the value, and CloudFormation shows the reference."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud

Deploy = Callable[..., dict[str, Any]]
Why = Callable[[dict[str, Any]], list[str]]


def group(description: Any) -> dict[str, Any]:
    """A resource with a text that nothing reads."""
    return {
        "Sink": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "sink", "Type": "String", "Value": description},
        }
    }


@pytest.fixture
def received(cloud: LocalCloud, deploy: Deploy) -> Callable[[Any], str]:
    """Return what a service is given for a value of a template."""

    def received(value: Any) -> str:
        stack = deploy(group(value))
        assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, stack
        return str(cloud.client("ssm").get_parameter(Name="sink")["Parameter"]["Value"])

    return received


@pytest.fixture(scope="module")
def secret(cloud: LocalCloud) -> str:
    """A secret with an earlier version; its ARN."""
    manager = cloud.client("secretsmanager")
    secret = manager.create_secret(Name="db", SecretString=json.dumps({"password": "old", "port": 5432}))
    manager.put_secret_value(SecretId="db", SecretString=json.dumps({"password": "n:e w", "port": 5433}))
    return str(secret["ARN"])


# The forms of https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("db:SecretString:password", "n:e w"),
        ("db:SecretString:password::", "n:e w"),
        ("db:SecretString:password:AWSCURRENT", "n:e w"),
        ("db:SecretString:password:AWSPREVIOUS:", "old"),
        ("db::port", "5433"),
        ("db", '{"password": "n:e w", "port": 5433}'),
        ("db:SecretString", '{"password": "n:e w", "port": 5433}'),
        ("ARN:SecretString:password::", "n:e w"),
        ("ARN", '{"password": "n:e w", "port": 5433}'),
    ],
)
def test_a_secret(secret: str, received: Callable[[Any], str], key: str, value: str) -> None:
    assert received(f"{{{{resolve:secretsmanager:{key.replace('ARN', secret)}}}}}") == value


def test_a_version_of_a_secret(cloud: LocalCloud, secret: str, received: Callable[[Any], str]) -> None:
    versions = cloud.client("secretsmanager").list_secret_version_ids(SecretId=secret, IncludeDeprecated=True)
    (previous,) = [v["VersionId"] for v in versions["Versions"] if "AWSPREVIOUS" in v["VersionStages"]]
    assert received(f"{{{{resolve:secretsmanager:db:SecretString:password::{previous}}}}}") == "old"


def test_several_in_one_text_and_from_joined_parts(cloud: LocalCloud, deploy: Deploy) -> None:
    made = {"Made": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": '{"user": "admin"}'}}}
    reference = {"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "Made"}, ":SecretString:user::}}"]]}
    text = {"Fn::Join": ["", [reference, "@", reference]]}
    assert deploy({**group(text), **made})["StackStatus"] == "CREATE_COMPLETE"
    assert cloud.client("ssm").get_parameter(Name="sink")["Parameter"]["Value"] == "admin@admin"


def test_parameters(cloud: LocalCloud, received: Callable[[Any], str]) -> None:
    ssm = cloud.client("ssm")
    ssm.put_parameter(Name="/lake/size", Type="String", Value="1")
    ssm.put_parameter(Name="/lake/size", Type="String", Value="2", Overwrite=True)
    ssm.put_parameter(Name="list", Type="StringList", Value="a,b")
    assert received("{{resolve:ssm:/lake/size}}") == "2"
    assert received("{{resolve:ssm:/lake/size:1}} of {{resolve:ssm:list}}") == "1 of a,b"


def test_a_secure_parameter_where_cloudformation_allows_it(cloud: LocalCloud, deploy: Deploy) -> None:
    cloud.client("ssm").put_parameter(Name="login", Type="SecureString", Value="S3cret!pass")
    user = {"LoginProfile": {"Password": "{{resolve:ssm-secure:login:1}}"}, "UserName": "reader"}
    assert deploy({"User": {"Type": "AWS::IAM::User", "Properties": user}})["StackStatus"] == "CREATE_COMPLETE"


def test_only_references_are_shown(cloud: LocalCloud, secret: str, deploy: Deploy) -> None:
    reference = "{{resolve:secretsmanager:db:SecretString:password}}"
    stack = deploy(group(reference), Outputs={"Out": {"Value": reference}})
    assert stack["Outputs"][0]["OutputValue"] == reference
    client = cloud.client("cloudformation")
    assert reference in json.dumps(client.get_template(StackName=stack["StackName"])["TemplateBody"])
    shown = (client.describe_stack_resources, client.describe_stack_events, client.describe_stacks)
    assert "n:e w" not in json.dumps([call(StackName=stack["StackName"]) for call in shown], default=str)


def test_a_value_that_changes_updates_nothing_until_the_resource_changes(cloud: LocalCloud, deploy: Deploy) -> None:
    ssm = cloud.client("ssm")
    ssm.put_parameter(Name="moving", Type="String", Value="before")
    resources = group("{{resolve:ssm:moving}}")
    deploy(resources)
    ssm.put_parameter(Name="moving", Type="String", Value="after", Overwrite=True)
    other = {"Other": {"Type": "AWS::SNS::Topic", "Properties": {}}}
    deploy({**resources, **other})
    assert ssm.get_parameter(Name="sink")["Parameter"]["Value"] == "before"
    resources["Sink"]["Properties"]["Description"] = "changed"
    deploy({**resources, **other})
    assert ssm.get_parameter(Name="sink")["Parameter"]["Value"] == "after"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("ssm:missing:1", "Parameters: [ssm:missing:1] cannot be found."),
        ("ssm:bad name", "Incorrect format is used in the following SSM reference: [bad name]"),
        ("ssm:hidden", "ssm:hidden is a SecureString, allowed is a String or StringList; use ssm-secure"),
        ("ssm-secure:hidden:1", "SSM Secure reference is not supported in: [AWS::SSM::Parameter/Properties/Value]"),
        ("secretsmanager:none", "Secrets Manager can't find the specified secret."),
        ("secretsmanager:db:SecretString:user", "Could not find a value associated with JSONKey in SecretString"),
        ("secretsmanager:plain:SecretString:user", "Could not parse SecretString JSON"),
        ("secretsmanager:db:SecretBinary", "asks for SecretBinary, allowed is SecretString"),
        ("secretsmanager:db:SecretString:password:AWSCURRENT:id", "has a version-stage and a version-id"),
        ("secretsmanager:db:SecretString:a:b:c:d", "has more parts than secret-id:secret-string"),
        ("appconfig:x", "dynamic references are to ssm, ssm-secure, secretsmanager, not to 'appconfig'"),
    ],
)
@pytest.mark.usefixtures("secret")
def test_what_has_no_value_is_refused(cloud: LocalCloud, deploy: Deploy, why: Why, reference: str, reason: str) -> None:
    ssm, manager = cloud.client("ssm"), cloud.client("secretsmanager")
    ssm.put_parameter(Name="hidden", Type="SecureString", Value="x", Overwrite=True)
    if not any(each["Name"] == "plain" for each in manager.list_secrets()["SecretList"]):
        manager.create_secret(Name="plain", SecretString="text")
    stack = deploy(group(f"{{{{resolve:{reference}}}}}"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any(reason in each for each in why(stack)), why(stack)


def test_custom_resources_get_no_secrets(secret: str, deploy: Deploy, why: Why) -> None:
    properties = {"ServiceToken": "{{resolve:secretsmanager:db}}"}
    stack = deploy({"Custom": {"Type": "Custom::S3AutoDeleteObjects", "Properties": properties}})
    assert any("secretsmanager are not supported in custom resources" in each for each in why(stack))
