"""Resource types that follow from CloudFormation's schemas, against the pages of CloudFormation's type reference."""

from __future__ import annotations

import pytest

from local_cloud.cloudformation.derivation import complete
from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import DERIVED, ResourceType
from local_cloud.cloudformation.types import all_types
from local_cloud.errors import LocalCloudError


@pytest.mark.parametrize("kind", all_types(), ids=lambda kind: kind.name)
def test_each_type_is_complete(kind: ResourceType) -> None:
    found = complete(kind)
    for field in ("service", "create", "update", "delete", "ref", "physical_name"):
        assert getattr(found, field) is not DERIVED
    assert complete(found) == found


def test_a_type_follows_from_its_name() -> None:
    found = complete(ResourceType(name="AWS::Scheduler::Schedule"))
    assert found.service == "scheduler"
    assert found.create == Call("create_schedule")
    assert found.update == Call("update_schedule")
    assert found.delete == Call("delete_schedule", {"Name": "{Name}"})
    assert (found.ref, found.attributes) == ("{Name}", {"Arn": "{ScheduleArn}"})
    assert found.physical_name == PhysicalName(path="Name", length=64)
    assert found.immutable == {"Name"}


def test_an_id_that_the_service_assigns_is_passed_to_its_calls() -> None:
    found = complete(ResourceType(name="AWS::EC2::RouteTable"))
    assert found.physical_name is None
    assert found.ref == "{RouteTable[RouteTableId]}"
    assert found.delete == Call("delete_route_table", {"RouteTableId": "{id}"})
    assert found.immutable == {"VpcId"}


def test_nested_attributes_are_found_in_the_answer() -> None:
    found = complete(ResourceType(name="AWS::RedshiftServerless::Workgroup"))
    assert found.attributes["Workgroup.Endpoint.Port"] == "{workgroup[endpoint][port]}"
    assert found.attributes["Workgroup.WorkgroupArn"] == "{workgroup[workgroupArn]}"


def test_an_attribute_that_no_answer_holds_is_not_invented() -> None:
    assert "Arn" not in complete(ResourceType(name="AWS::Logs::LogGroup")).attributes


def test_a_name_that_the_api_spells_shorter_or_longer_is_translated() -> None:
    state_machine = complete(ResourceType(name="AWS::StepFunctions::StateMachine"))
    assert state_machine.rename == {"StateMachineName": "name", "StateMachineType": "type"}
    stream = complete(ResourceType(name="AWS::Kinesis::Stream", delete=None))
    assert stream.rename == {"Name": "StreamName"}


def test_declarations_win_over_the_schema() -> None:
    found = complete(ResourceType(name="AWS::Scheduler::Schedule", update=None, attributes={"Arn": "{id}"}))
    assert found.update is None
    assert found.attributes == {"Arn": "{id}"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("AWS::KinesisFirehose::DeliveryStream", "botocore has no service kinesisfirehose; declare 'service'"),
        ("AWS::EC2::VPCGatewayAttachment", "ec2 has no create_vpc_gateway_attachment; declare 'create'"),
        ("AWS::Logs::LogStream", "is identified by LogGroupName, LogStreamName together; declare 'ref'"),
        ("AWS::SecretsManager::Secret", "no answer of its API holds Id; declare 'ref'"),
    ],
)
def test_what_cannot_be_derived_must_be_declared(name: str, why: str) -> None:
    with pytest.raises(LocalCloudError) as error:
        complete(ResourceType(name=name))
    assert why in str(error.value)
