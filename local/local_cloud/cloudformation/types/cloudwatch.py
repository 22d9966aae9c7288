"""CloudWatch."""

from __future__ import annotations

from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::CloudWatch::Alarm",
        # The API knows metric alarms and composite ones.
        create=Call("put_metric_alarm"),
        update=Call("put_metric_alarm"),
        delete=Call("delete_alarms", {"AlarmNames": ["{id}"]}),
        attributes={"Arn": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}"},
    ),
]
