"""Lambda."""

from __future__ import annotations

import io
import zipfile

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType


class _FunctionType(ResourceType):
    def change(self, resource: Resource, properties: Properties) -> None:
        super().change(resource, properties)
        code = {name: value for name, value in _with_code(properties)["Code"].items() if name != "ImageUri"}
        resource.context.client("lambda").update_function_code(FunctionName=resource.physical_resource_id, **code)


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


TYPES = [
    _FunctionType(
        name="AWS::Lambda::Function",
        # Configuration and code change in calls of their own.
        update=Call("update_function_configuration", {"FunctionName": "{id}"}),
        changes=frozenset({"Code"}),
        # The API's is that of the version that it has published.
        attributes={"Arn": "arn:{partition}:lambda:{region}:{account}:function:{id}"},
        physical_name=PhysicalName(path="FunctionName", length=64),
        ignore=frozenset({"RecursiveLoop", "ReservedConcurrentExecutions", "RuntimeManagementConfig"}),
        adapt=_with_code,
    ),
    ResourceType(name="AWS::Lambda::Alias", ignore=frozenset({"ProvisionedConcurrencyConfig"})),
]
