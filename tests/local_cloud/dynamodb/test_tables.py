"""Tables from templates, what is refused, and state machines that use a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.dynamodb.conftest import arn, key

Deploy = Callable[..., dict[str, Any]]

PROPERTIES: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture
def deploy(cloud: LocalCloud, request: pytest.FixtureRequest) -> Iterator[Deploy]:
    """Create or update a stack with a table, a key and a stream; return its outputs, or the reason of its failure."""
    client, name = cloud.client("cloudformation"), request.node.originalname.replace("_", "-")[:40].strip("-")

    def deploy(**properties: Any) -> dict[str, Any]:
        values = {"Ref": {"Ref": "Table"}, "Arn": {"Fn::GetAtt": "Table.Arn"}, "Key": {"Fn::GetAtt": "Key.Arn"}}
        if "StreamSpecification" in properties:
            values["Stream"] = {"Fn::GetAtt": "Table.StreamArn"}
        document = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
        resources = {
            "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}},
            "Changes": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {**PROPERTIES, **properties}},
        }
        outputs = {key: {"Value": value} for key, value in values.items()}
        template = json.dumps({"Resources": resources, "Outputs": outputs})
        exists = any(each["StackName"] == name for each in client.describe_stacks()["Stacks"])
        (client.update_stack if exists else client.create_stack)(StackName=name, TemplateBody=template)
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED")]
        found = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        return {**found, "status": stack["StackStatus"], "reasons": reasons, "stack": name}

    yield deploy
    client.delete_stack(StackName=name)


@pytest.fixture
def described(cloud: LocalCloud) -> Callable[[str], dict[str, Any]]:
    return lambda name: dict(cloud.client("dynamodb").describe_table(TableName=name)["Table"])


Described = Callable[[str], dict[str, Any]]


def test_every_property_reaches_the_table(cloud: LocalCloud, deploy: Deploy, described: Described) -> None:
    found = deploy(
        StreamSpecification={"StreamViewType": "NEW_IMAGE"},
        SSESpecification={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": "Key.Arn"}},
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        TimeToLiveSpecification={"AttributeName": "until", "Enabled": "true"},
        KinesisStreamSpecification={
            "StreamArn": {"Fn::GetAtt": "Changes.Arn"},
            "ApproximateCreationDateTimePrecision": "MILLISECOND",
        },
        TableClass="STANDARD_INFREQUENT_ACCESS",
        OnDemandThroughput={"MaxReadRequestUnits": 10},
        Tags=[{"Key": "owner", "Value": "me"}],
    )
    assert found["status"] == "CREATE_COMPLETE", found["reasons"]
    table, dynamodb = described(found["Ref"]), cloud.client("dynamodb")
    assert found["Ref"].startswith(found["stack"])
    assert found["Arn"] == table["TableArn"] == arn(found["Ref"])
    assert found["Stream"] == table["LatestStreamArn"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert table["SSEDescription"]["KMSMasterKeyArn"] == found["Key"]
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["OnDemandThroughput"]["MaxReadRequestUnits"] == 10
    recovery = dynamodb.describe_continuous_backups(TableName=found["Ref"])["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert recovery["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 7
    expiry = dynamodb.describe_time_to_live(TableName=found["Ref"])["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "until"}
    tags = dynamodb.list_tags_of_resource(ResourceArn=found["Arn"])["Tags"]
    assert tags == [{"Key": "owner", "Value": "me"}]
    (destination,) = dynamodb.describe_kinesis_streaming_destination(TableName=found["Ref"])[
        "KinesisDataStreamDestinations"
    ]
    assert destination["ApproximateCreationDateTimePrecision"] == "MILLISECOND"


def test_settings_change_in_place(cloud: LocalCloud, deploy: Deploy, described: Described) -> None:
    stream = {"StreamArn": {"Fn::GetAtt": "Changes.Arn"}}
    recovery = {"PointInTimeRecoveryEnabled": True}
    first = deploy(
        KinesisStreamSpecification=stream,
        PointInTimeRecoverySpecification=recovery,
        TimeToLiveSpecification={"AttributeName": "until", "Enabled": True},
        StreamSpecification={"StreamViewType": "KEYS_ONLY"},
        DeletionProtectionEnabled=True,
    )
    dynamodb = cloud.client("dynamodb")
    dynamodb.put_item(TableName=first["Ref"], Item={"id": {"S": "kept"}})
    second = deploy(SSESpecification={"SSEEnabled": True})
    assert second["status"] == "UPDATE_COMPLETE", second["reasons"]
    assert second["Ref"] == first["Ref"]
    table = described(first["Ref"])
    assert table["ItemCount"] == 1
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["DeletionProtectionEnabled"] is False
    assert "StreamSpecification" not in table
    backups = dynamodb.describe_continuous_backups(TableName=first["Ref"])["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"
    expiry = dynamodb.describe_time_to_live(TableName=first["Ref"])["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == "DISABLED"
    (destination,) = dynamodb.describe_kinesis_streaming_destination(TableName=first["Ref"])[
        "KinesisDataStreamDestinations"
    ]
    assert destination["DestinationStatus"] == "DISABLED"


def index(name: str, attribute: str, projection: str = "ALL") -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": projection},
    }


def attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in ("id", *names)]


def test_one_index_changes_at_a_time(deploy: Deploy, described: Described) -> None:
    first = deploy()
    second = deploy(AttributeDefinitions=attributes("a"), GlobalSecondaryIndexes=[index("by_a", "a")])
    assert (second["status"], second["Ref"]) == ("UPDATE_COMPLETE", first["Ref"])
    assert [each["IndexName"] for each in described(first["Ref"])["GlobalSecondaryIndexes"]] == ["by_a"]
    other = deploy(AttributeDefinitions=attributes("b"), GlobalSecondaryIndexes=[index("by_b", "b")])
    assert other["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert any("Cannot perform more than one GSI creation or deletion" in reason for reason in other["reasons"])
    changed = deploy(AttributeDefinitions=attributes("a"), GlobalSecondaryIndexes=[index("by_a", "a", "KEYS_ONLY")])
    assert any("Cannot update GSI's properties other than" in reason for reason in changed["reasons"])
    assert [each["IndexName"] for each in described(first["Ref"])["GlobalSecondaryIndexes"]] == ["by_a"]


def test_another_key_makes_another_table(cloud: LocalCloud, deploy: Deploy, described: Described) -> None:
    first = deploy()
    second = deploy(
        KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "N"}],
    )
    assert second["status"] == "UPDATE_COMPLETE", second["reasons"]
    assert second["Ref"] != first["Ref"]
    assert first["Ref"] not in cloud.client("dynamodb").list_tables()["TableNames"]


def test_a_protected_table_is_not_deleted(cloud: LocalCloud, deploy: Deploy) -> None:
    found, client = deploy(DeletionProtectionEnabled=True), cloud.client("cloudformation")
    client.delete_stack(StackName=found["stack"])
    assert client.describe_stacks(StackName=found["stack"])["Stacks"][0]["StackStatus"] == "DELETE_FAILED"
    assert found["Ref"] in cloud.client("dynamodb").list_tables()["TableNames"]
    cloud.client("dynamodb").update_table(TableName=found["Ref"], DeletionProtectionEnabled=False)


@pytest.mark.parametrize("property_", ["ImportSourceSpecification", "VectorIndexes"])
def test_what_a_table_cannot_have_here_is_refused(deploy: Deploy, property_: str) -> None:
    values: dict[str, Any] = {
        "ImportSourceSpecification": {"InputFormat": "CSV", "S3BucketSource": {"S3Bucket": "b"}},
        "VectorIndexes": [{"IndexName": "v"}],
    }
    found = deploy(**{property_: values[property_]})
    assert found["status"] == "ROLLBACK_COMPLETE"
    assert any(property_ in reason for reason in found["reasons"]), found["reasons"]


def test_only_one_index_is_made_at_once_through_the_api(cloud: LocalCloud, table: str) -> None:
    updates = [{"Create": index(f"by_{name}", name)} for name in ("a", "b")]
    with pytest.raises(ClientError, match=r"LimitExceededException.*Only 1 online index"):
        cloud.client("dynamodb").update_table(
            TableName=table, AttributeDefinitions=attributes("a", "b"), GlobalSecondaryIndexUpdates=updates
        )


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("create_backup", {"TableName": "t", "BackupName": "nightly"}),
        ("restore_table_to_point_in_time", {"TargetTableName": "new"}),
        ("execute_statement", {"Statement": "SELECT * FROM t"}),
        ("list_imports", {}),
        ("list_global_tables", {}),
        ("describe_contributor_insights", {"TableName": "t"}),
    ],
)
def test_what_moto_only_pretends_is_refused_by_name(cloud: LocalCloud, operation: str, request_: Any) -> None:
    name = cloud.client("dynamodb").meta.method_to_api_mapping[operation]
    with pytest.raises(ClientError, match=f"{name} of dynamodb is not supported by the local cloud"):
        getattr(cloud.client("dynamodb"), operation)(**request_)


def test_a_replica_is_refused(cloud: LocalCloud, table: str) -> None:
    with pytest.raises(ClientError, match="the local cloud does not support ReplicaUpdates of a table"):
        cloud.client("dynamodb").update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}])


def test_each_operation_is_answered_or_refused(cloud: LocalCloud) -> None:
    """None ends in an answer that no client understands."""
    dynamodb = cloud.client("dynamodb")
    for method, name in dynamodb.meta.method_to_api_mapping.items():
        shape = dynamodb.meta.service_model.operation_model(name).input_shape
        if shape is None or not shape.required_members:
            try:
                getattr(dynamodb, method)()
            except ClientError as error:
                assert "is not supported by the local cloud" in str(error), name


def test_a_state_machine_writes_reads_and_exports(cloud: LocalCloud, table: str) -> None:
    def task(resource: str, parameters: dict[str, Any], **rest: Any) -> dict[str, Any]:
        return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, **rest}

    update = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"N": "2"}}}
    states = {
        "Put": task("dynamodb:putItem", {"TableName": table, "Item": {**key(), "v": {"N": "1"}}}, Next="Update"),
        "Update": task("dynamodb:updateItem", {"TableName": table, "Key": key(), **update}, Next="Get"),
        "Get": task("dynamodb:getItem", {"TableName": table, "Key": key()}, ResultPath="$.read", Next="Export"),
        "Export": task(
            "aws-sdk:dynamodb:exportTableToPointInTime",
            {"TableArn": arn(table), "S3Bucket": "exports"},
            ResultPath="$.export",
            Next="Describe",
        ),
        "Describe": task(
            "aws-sdk:dynamodb:describeExport",
            {"ExportArn.$": "$.export.ExportDescription.ExportArn"},
            ResultPath="$.described",
            Next="Ended",
        ),
        "Ended": {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": "$.described.ExportDescription.ExportStatus",
                    "StringEquals": "IN_PROGRESS",
                    "Next": "Describe",
                }
            ],
            "Default": "Delete",
        },
        "Delete": task("dynamodb:deleteItem", {"TableName": table, "Key": key()}, ResultPath=None, End=True),
    }
    stepfunctions = cloud.client("stepfunctions")
    machine = stepfunctions.create_state_machine(
        name="dynamodb",
        definition=json.dumps({"StartAt": "Put", "States": states}),
        roleArn="arn:aws:iam::123456789012:role/machine",
    )
    output = cloud.execute(machine["stateMachineArn"])
    assert output["read"]["Item"]["v"] == {"N": "2"}
    assert output["described"]["ExportDescription"]["ExportStatus"] == "COMPLETED"
    assert output["described"]["ExportDescription"]["ItemCount"] == 1
    assert cloud.client("dynamodb").scan(TableName=table)["Count"] == 0
    made = {call.action for call in cloud.calls if call.role.endswith("role/machine")}
    assert {"dynamodb:PutItem", "dynamodb:ExportTableToPointInTime", "s3:PutObject"} <= made
