"""Stacks: creation, update, rollback and deletion."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud

Deploy = Callable[..., dict[str, Any]]
Why = Callable[[dict[str, Any]], list[str]]


def stream(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1, **properties}}


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def streams(cloud: LocalCloud) -> list[str]:
    names: list[str] = cloud.client("kinesis").list_streams()["StreamNames"]
    return names


def test_a_type_nobody_knows_fails_the_stack_and_leaves_nothing(cloud: LocalCloud, deploy: Deploy, why: Why) -> None:
    stack = deploy({"Kept": stream(Name="before"), "App": {"Type": "AWS::AppSync::GraphQLApi", "DependsOn": "Kept"}})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    (reason,) = why(stack)
    assert reason.startswith("the local cloud has no AWS::AppSync::GraphQLApi (logical id App): leave the resource out")
    assert "before" not in streams(cloud)


def test_what_cannot_be_deleted_makes_the_rollback_fail(cloud: LocalCloud, deploy: Deploy, why: Why) -> None:
    key = {"AttributeName": "id", "KeyType": "HASH"}
    table = {
        "TableName": "protected",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [key],
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
    }
    resources = {
        "Needed": stream(Name="needed"),
        "Other": stream(Name="other"),
        "Table": {"Type": "AWS::DynamoDB::Table", "DependsOn": "Needed", "Properties": table},
    }
    stack = deploy({**resources, "App": {"Type": "AWS::AppSync::GraphQLApi", "DependsOn": ["Table", "Other"]}})
    assert stack["StackStatus"] == "ROLLBACK_FAILED"
    assert any(reason.startswith("AWS::DynamoDB::Table Table: ") for reason in why(stack))
    assert "protected" in cloud.client("dynamodb").list_tables()["TableNames"]
    # What it refers to stays with it, and nothing else.
    assert {"needed", "other"} & set(streams(cloud)) == {"needed"}


def test_a_property_that_would_be_lost_fails_the_stack(deploy: Deploy, why: Why) -> None:
    stack = deploy({"Stream": stream(Nonsense=1)})
    assert why(stack) == ["the property AWS::Kinesis::Stream.Nonsense is not supported by the local cloud"]


def test_an_unresolvable_reference_fails_the_stack(deploy: Deploy, why: Why) -> None:
    stack = deploy({"Stream": stream(Name={"Ref": "Nobody"})})
    assert why(stack) == ["the template refers to Nobody, which it does not define"]


def test_an_attribute_nobody_knows_fails_the_stack(deploy: Deploy) -> None:
    stack = deploy({"Stream": stream()}, Outputs={"Bad": {"Value": {"Fn::GetAtt": ["Stream", "Nonsense"]}}})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"


def test_a_circle_of_references_fails_the_stack(deploy: Deploy) -> None:
    stack = deploy({"A": stream(Name={"Ref": "B"}), "B": stream(Name={"Ref": "A"})})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"


def test_makes_names_as_cloudformation_does(cloud: LocalCloud, deploy: Deploy) -> None:
    deploy({"Stream": stream()}, stack="naming")
    (name,) = [name for name in streams(cloud) if name.startswith("naming-Stream-")]
    assert len(name.rsplit("-", 1)[1]) == 12


def test_keeps_a_generated_name_over_updates(cloud: LocalCloud, deploy: Deploy) -> None:
    sections = {"Outputs": {"Name": {"Value": {"Ref": "Stream"}}}}
    first = deploy({"Stream": stream(RetentionPeriodHours=24)}, **sections)
    second = deploy({"Stream": stream(RetentionPeriodHours=48)}, **sections)
    name = outputs(first)["Name"]
    assert outputs(second)["Name"] == name
    description = cloud.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert description["RetentionPeriodHours"] == 48


def test_a_new_name_makes_a_new_resource_and_updates_what_refers_to_it(cloud: LocalCloud, deploy: Deploy) -> None:
    value = {"Name": "/name", "Type": "String", "Value": {"Ref": "Stream"}}
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": value}
    for name in ("one", "two"):
        deploy({"Stream": stream(Name=name), "Parameter": parameter})
    assert "two" in streams(cloud)
    assert "one" not in streams(cloud)
    assert cloud.client("ssm").get_parameter(Name="/name")["Parameter"]["Value"] == "two"


def test_removes_what_the_template_no_longer_has(cloud: LocalCloud, deploy: Deploy) -> None:
    deploy({"A": stream(Name="stays"), "B": stream(Name="goes")})
    deploy({"A": stream(Name="stays")})
    assert "stays" in streams(cloud)
    assert "goes" not in streams(cloud)


def test_keeps_what_the_template_retains(cloud: LocalCloud, deploy: Deploy) -> None:
    retained = {**stream(Name="retained"), "DeletionPolicy": "Retain"}
    replaced = {**stream(Name="before"), "UpdateReplacePolicy": "Retain"}
    deploy({"A": retained, "B": replaced}, stack="retaining")
    deploy({"A": retained, "B": {**replaced, "Properties": {"ShardCount": 1, "Name": "after"}}}, stack="retaining")
    cloud.client("cloudformation").delete_stack(StackName="retaining")
    left = streams(cloud)
    assert "retained" in left
    assert "before" in left
    assert "after" not in left


def test_a_failed_update_goes_back_to_what_was(cloud: LocalCloud, deploy: Deploy) -> None:
    deploy({"A": stream(Name="was", RetentionPeriodHours=24)})
    stack = deploy({"A": stream(Name="was"), "B": stream(Name="new"), "C": {"Type": "AWS::None::Such"}})
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "was" in streams(cloud)
    assert "new" not in streams(cloud)


def test_deletes_in_the_order_opposite_to_creation(cloud: LocalCloud, deploy: Deploy) -> None:
    stack = deploy(
        {
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": []}},
            },
            "Bucket": {"Type": "AWS::S3::Bucket"},
        },
        stack="ordered",
    )
    client = cloud.client("cloudformation")
    client.delete_stack(StackName="ordered")
    events = client.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
    steps = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in reversed(events)]
    created = [name for name, status in steps if status == "CREATE_COMPLETE"]
    deleted = [name for name, status in steps if status == "DELETE_COMPLETE"]
    assert sorted([created[:2], deleted[:2]]) == [["Bucket", "Policy"], ["Policy", "Bucket"]]


def test_a_bucket_that_is_not_empty_cannot_be_deleted(cloud: LocalCloud, deploy: Deploy) -> None:
    deploy({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full"}}})
    cloud.client("s3").put_object(Bucket="full", Key="k", Body=b"1")
    client = cloud.client("cloudformation")
    name = "test-a-bucket-that-is-not-empty-cannot-be"
    client.delete_stack(StackName=name[:40].strip("-"))
    stack = client.describe_stacks(StackName=name[:40].strip("-"))["Stacks"][0]
    assert stack["StackStatus"] == "DELETE_FAILED"
    cloud.client("s3").delete_object(Bucket="full", Key="k")


def test_reads_an_output_of_another_stack_that_exports_nothing(
    cloud: LocalCloud, deploy: Deploy, why: Callable[[dict[str, Any]], list[str]]
) -> None:
    deploy(
        {"Stream": stream(Name="told")},
        stack="telling",
        Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Stream", "Arn"]}}},
    )

    def listening(output: str) -> dict[str, Any]:
        told = {"StackName": "telling", "Region": {"Ref": "AWS::Region"}, "OutputName": output}
        value = {"Fn::GetStackOutput": told}
        return {
            "Heard": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/x", "Type": "String", "Value": value}}
        }

    deploy(listening("Arn"))
    value = cloud.client("ssm").get_parameter(Name="/x")["Parameter"]["Value"]
    assert value == "arn:aws:kinesis:us-east-1:123456789012:stream/told"
    assert "there is no output Name of stack telling" in why(deploy(listening("Name"), stack="deaf"))[0]


def test_imports_what_another_stack_exports(cloud: LocalCloud, deploy: Deploy) -> None:
    deploy(
        {"Stream": stream(Name="exported")},
        stack="exporting",
        Outputs={"Arn": {"Value": {"Fn::GetAtt": ["Stream", "Arn"]}, "Export": {"Name": "stream-arn"}}},
    )
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/arn", "Type": "String", "Value": {"Fn::ImportValue": "stream-arn"}},
    }
    deploy({"Parameter": parameter})
    value = cloud.client("ssm").get_parameter(Name="/arn")["Parameter"]["Value"]
    assert value == "arn:aws:kinesis:us-east-1:123456789012:stream/exported"


def test_resolves_conditions_mappings_and_functions(cloud: LocalCloud, deploy: Deploy) -> None:
    def parameter(name: str, value: Any, **more: Any) -> dict[str, Any]:
        return {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": f"/f/{name}", "Type": "String", "Value": value},
            **more,
        }

    deploy(
        {
            "Zones": parameter("zones", {"Fn::Join": [",", {"Fn::GetAZs": ""}]}),
            "Mapped": parameter("mapped", {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "size"]}),
            "Chosen": parameter("chosen", {"Fn::If": ["Yes", "left", "right"]}),
            "List": parameter(
                "list", {"Fn::Join": ["-", ["a", {"Fn::If": ["No", "b", {"Ref": "AWS::NoValue"}]}, "c"]]}
            ),
            "Sub": parameter("sub", {"Fn::Sub": "${AWS::Partition}:${Zones}:${!literal}"}),
            "Cidr": parameter("cidr", {"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}),
            "Absent": parameter("absent", "x", Condition="No"),
        },
        Conditions={
            "Yes": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
            "No": {"Fn::Not": [{"Condition": "Yes"}]},
        },
        Mappings={"Sizes": {"us-east-1": {"size": "big"}}},
    )
    found = cloud.client("ssm").get_parameters_by_path(Path="/f")["Parameters"]
    assert {each["Name"].removeprefix("/f/"): each["Value"] for each in found} == {
        "zones": "us-east-1a,us-east-1b,us-east-1c",
        "mapped": "big",
        "chosen": "left",
        "list": "a-c",
        "sub": "aws:/f/zones:${literal}",
        "cidr": "10.0.1.0/24",
    }


def test_a_function_nobody_knows_fails_the_stack(deploy: Deploy, why: Why) -> None:
    stack = deploy({"Stream": stream(Name={"Fn::Nonsense": 1})})
    assert why(stack) == ["the local cloud does not know the intrinsic function Fn::Nonsense"]


def test_lists_only_what_exists(cloud: LocalCloud, deploy: Deploy) -> None:
    deploy(
        {"A": stream(Name="listed"), "B": {**stream(), "Condition": "No"}},
        stack="listing",
        Conditions={"No": {"Fn::Equals": ["a", "b"]}},
    )
    found = cloud.client("cloudformation").list_stack_resources(StackName="listing")["StackResourceSummaries"]
    assert [(each["LogicalResourceId"], each["PhysicalResourceId"]) for each in found] == [("A", "listed")]


def test_a_parameter_of_parameter_store_is_looked_up(cloud: LocalCloud, deploy: Deploy) -> None:
    cloud.client("ssm").put_parameter(Name="/wanted", Type="String", Value="found")
    typed = {"Type": "AWS::SSM::Parameter::Value<String>"}
    resources = {"Stream": stream(Name={"Ref": "Name"})}
    deploy(resources, Parameters={"Name": {**typed, "Default": "/wanted"}})
    assert "found" in streams(cloud)
    refused = deploy(resources, stack="missing", Parameters={"Name": {**typed, "Default": "/missing"}})
    assert refused["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloud.client("cloudformation").describe_stack_events(StackName=refused["StackId"])["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("Parameter Store has no parameter /missing" in reason for reason in reasons)


def test_an_update_may_keep_a_parameter_of_parameter_store(cloud: LocalCloud, deploy: Deploy) -> None:
    cloud.client("ssm").put_parameter(Name="/kept", Type="String", Value="kept-stream")
    template: dict[str, Any] = {
        "Parameters": {"Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/kept"}},
        "Resources": {"Stream": stream(Name={"Ref": "Name"})},
    }
    deploy(template["Resources"], stack="keeping", Parameters=template["Parameters"])
    # The CDK CLI updates by change sets.
    names = {"StackName": "keeping", "ChangeSetName": "later"}
    cloud.client("cloudformation").create_change_set(
        **names,
        ChangeSetType="UPDATE",
        TemplateBody=json.dumps({**template, "Description": "changed"}),
        Parameters=[{"ParameterKey": "Name", "UsePreviousValue": True}],
    )
    cloud.client("cloudformation").execute_change_set(**names)
    kept = cloud.client("cloudformation").describe_stacks(StackName="keeping")["Stacks"][0]
    assert kept["StackStatus"] == "UPDATE_COMPLETE"
    assert "kept-stream" in streams(cloud)


def test_a_change_set_is_deleted_by_its_name_and_then_unknown(cloud: LocalCloud) -> None:
    client = cloud.client("cloudformation")
    names = {"StackName": "changing", "ChangeSetName": "first-draft"}
    template = json.dumps({"Resources": {"Stream": stream()}})
    client.create_change_set(**names, TemplateBody=template, ChangeSetType="CREATE")
    assert client.describe_change_set(**names)["Status"] == "CREATE_COMPLETE"
    client.delete_change_set(**names)
    # The CDK CLI deletes what may not be there.
    client.delete_change_set(**names)
    with pytest.raises(ClientError, match=r"\(ChangeSetNotFound\)"):
        client.describe_change_set(**names)


def test_a_change_that_the_service_cannot_make_is_refused_by_name(deploy: Deploy, why: Why) -> None:
    def stream(shards: int) -> dict[str, Any]:
        return {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": shards}}}

    assert deploy(stream(1))["StackStatus"] == "CREATE_COMPLETE"
    stack = deploy(stream(2))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "the local cloud cannot change ShardCount of AWS::Kinesis::Stream; replace the resource" in why(stack)


def test_a_generated_secret_outlives_a_change_of_its_description(cloud: LocalCloud, deploy: Deploy) -> None:
    def secret(description: str, length: int = 20) -> dict[str, Any]:
        properties = {"Description": description, "GenerateSecretString": {"PasswordLength": length}}
        return {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}}

    def value() -> str:
        (found,) = [
            each for each in cloud.client("secretsmanager").list_secrets()["SecretList"] if "outlives" in each["Name"]
        ]
        return str(cloud.client("secretsmanager").get_secret_value(SecretId=found["ARN"])["SecretString"])

    deploy(secret("old"))
    before = value()
    deploy(secret("new"))
    assert value() == before
    deploy(secret("new", length=30))
    assert len(value()) == 30


def test_a_resource_that_is_replaced_gets_a_new_generated_name(cloud: LocalCloud, deploy: Deploy) -> None:
    def role(path: str) -> dict[str, Any]:
        properties = {"AssumeRolePolicyDocument": {}, "Path": path}
        return {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}

    outputs = {"Name": {"Value": {"Ref": "Role"}}}
    names = []
    for path in ("/old/", "/new/"):
        stack = deploy(role(path), Outputs=outputs)
        assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        names.append(stack["Outputs"][0]["OutputValue"])
    assert names[0] != names[1]
    assert cloud.client("iam").get_role(RoleName=names[1])["Role"]["Path"] == "/new/"
    assert names[0] not in {each["RoleName"] for each in cloud.client("iam").list_roles()["Roles"]}
