"""Lambda, Step Functions and EventBridge Scheduler."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, Resource, ResourceType


class _FunctionType(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        super().change(resource, properties)
        code = {name: value for name, value in _with_code(properties)["Code"].items() if name != "ImageUri"}
        resource.context.client(self.service).update_function_code(FunctionName=resource.physical_resource_id, **code)


def _with_code(properties: Properties) -> Properties:
    """Return the properties with inline code as the zip file that the API takes."""
    code = properties["Code"]
    if "ZipFile" not in code:
        return properties
    file = "index.js" if properties.get("Runtime", "").startswith("nodejs") else "index.py"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(file, code["ZipFile"])
    return {**properties, "Code": {**code, "ZipFile": buffer.getvalue()}}


def _state_machine(properties: Properties) -> Properties:
    request = dict(properties)
    substitutions = request.pop("DefinitionSubstitutions", {})
    definition: Any = request.pop("Definition", None) or request.pop("DefinitionString", None)
    if definition is None:
        raise ValueError("the local cloud needs DefinitionString or Definition of a state machine")
    text = definition if isinstance(definition, str) else json.dumps(definition)
    request["definition"] = re.sub(r"\$\{(\w+)\}", lambda found: str(substitutions.get(found[1], found[0])), text)
    return request


TYPES = [
    _FunctionType(
        name="AWS::Lambda::Function",
        service="lambda",
        create=Call("create_function"),
        update=Call("update_function_configuration", {"FunctionName": "{id}"}),
        delete=Call("delete_function", {"FunctionName": "{id}"}),
        ref="{FunctionName}",
        attributes={"Arn": "arn:{partition}:lambda:{region}:{account}:function:{id}"},
        physical_name=PhysicalName(path="FunctionName", length=64),
        ignore=frozenset({"RecursiveLoop", "ReservedConcurrentExecutions", "RuntimeManagementConfig"}),
        adapt=_with_code,
    ),
    ResourceType(
        name="AWS::Lambda::Alias",
        service="lambda",
        create=Call("create_alias"),
        update=Call("update_alias"),
        delete=Call("delete_alias", {"FunctionName": "{FunctionName}", "Name": "{Name}"}),
        ref="{AliasArn}",
        attributes={"AliasArn": "{AliasArn}"},
        immutable=frozenset({"FunctionName", "Name"}),
        ignore=frozenset({"ProvisionedConcurrencyConfig"}),
    ),
    ResourceType(
        name="AWS::StepFunctions::StateMachine",
        service="stepfunctions",
        create=Call("create_state_machine"),
        update=Call("update_state_machine", {"stateMachineArn": "{id}"}),
        delete=Call("delete_state_machine", {"stateMachineArn": "{id}"}),
        ref="{stateMachineArn}",
        attributes={"Arn": "{stateMachineArn}", "Name": "{StateMachineName}"},
        physical_name=PhysicalName(path="StateMachineName", length=80),
        immutable=frozenset({"StateMachineType"}),
        rename={"StateMachineName": "name", "StateMachineType": "type"},
        adapt=_state_machine,
    ),
    ResourceType(
        name="AWS::Scheduler::Schedule",
        service="scheduler",
        create=Call("create_schedule"),
        update=Call("update_schedule"),
        delete=Call("delete_schedule", {"Name": "{id}"}),
        ref="{Name}",
        attributes={"Arn": "{ScheduleArn}"},
        physical_name=PhysicalName(path="Name", length=64),
    ),
]
