"""Managed Service for Apache Flink."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from local_cloud.cloudformation.requests import to_parameter
from local_cloud.cloudformation.resource import Call, Properties, Resource
from local_cloud.cloudformation.resource_type import ResourceType
from local_cloud.packages import OptionalPackage

_LIBRARIES = OptionalPackage(module="pyflink", extra="flink")
_UPDATE_SECONDS = 180.0
_POLL_SECONDS = 0.1
# Members of a configuration whose updates are named otherwise, or hold what is not named so.
_RENAMED = {"EnvironmentProperties": "EnvironmentPropertyUpdates", "RunConfiguration": "RunConfigurationUpdate"}
_WHOLE = ("EnvironmentProperties", "RunConfiguration")
_UPDATED = ("ApplicationConfiguration", "RuntimeEnvironment", "ServiceExecutionRole", "RunConfiguration")


class _Application(ResourceType):
    """An application; one that runs is started again with what has changed."""

    def change(self, resource: Resource, properties: Properties) -> None:
        before, resource.properties = resource.properties, properties
        client = resource.context.client(self.service)
        name = resource.physical_resource_id
        changed = {key: properties[key] for key in _UPDATED if key in properties}
        settings = dict(changed.get("ApplicationConfiguration") or {})
        if "EnvironmentProperties" in (before.get("ApplicationConfiguration") or {}):
            settings.setdefault("EnvironmentProperties", {"PropertyGroups": []})
        if settings.pop("VpcConfigurations", None) != (before.get("ApplicationConfiguration") or {}).get(
            "VpcConfigurations"
        ):
            raise ValueError(f"the local cloud cannot change VpcConfigurations of {self.name}; replace the resource")
        changed["ApplicationConfiguration"] = settings
        found = client.describe_application(ApplicationName=name)["ApplicationDetail"]
        shape = client.meta.service_model.operation_model("UpdateApplication").input_shape
        request = to_parameter(_as_update(changed), shape, self.name)
        version = found["ApplicationVersionId"]
        client.update_application(ApplicationName=name, CurrentApplicationVersionId=version, **request)
        deadline = time.monotonic() + _UPDATE_SECONDS
        while client.describe_application(ApplicationName=name)["ApplicationDetail"]["ApplicationStatus"] == "UPDATING":
            if time.monotonic() > deadline:
                raise ValueError(f"{name} did not run within {_UPDATE_SECONDS:g} s after its update")
            time.sleep(_POLL_SECONDS)


class _LoggingOption(ResourceType):
    """The log stream of an application, which counts as one of its versions."""

    def make(self, logical_id: str, properties: Properties, context: Any) -> Resource:
        resource = Resource(self, logical_id, properties, context)
        client = context.client(self.service)
        answer = client.add_application_cloud_watch_logging_option(
            **_version(client, properties),
            CloudWatchLoggingOption=properties["CloudWatchLoggingOption"],
        )
        resource.physical_resource_id = answer["CloudWatchLoggingOptionDescriptions"][-1]["CloudWatchLoggingOptionId"]
        return resource

    def change(self, resource: Resource, properties: Properties) -> None:
        resource.properties = properties
        client = resource.context.client(self.service)
        option = {
            "CloudWatchLoggingOptionId": resource.physical_resource_id,
            "LogStreamARNUpdate": properties["CloudWatchLoggingOption"]["LogStreamARN"],
        }
        client.update_application(**_version(client, properties), CloudWatchLoggingOptionUpdates=[option])

    def remove(self, resource: Resource) -> None:
        client = resource.context.client(self.service)
        client.delete_application_cloud_watch_logging_option(
            **_version(client, resource.properties), CloudWatchLoggingOptionId=resource.physical_resource_id
        )


def _version(client: Any, properties: Properties) -> dict[str, Any]:
    name = properties["ApplicationName"]
    found = client.describe_application(ApplicationName=name)["ApplicationDetail"]
    return {"ApplicationName": name, "CurrentApplicationVersionId": found["ApplicationVersionId"]}


def _as_update(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return members by the names that UpdateApplication gives them."""
    return {
        _RENAMED.get(name, f"{name}Update"): (
            _as_update(value) if isinstance(value, Mapping) and name not in _WHOLE else value
        )
        for name, value in given.items()
    }


TYPES = [
    _Application(
        name="AWS::KinesisAnalyticsV2::Application",
        service="kinesisanalyticsv2",
        # The service takes it with a start or an update; CloudFormation does not start an application.
        ignore=frozenset({"RunConfiguration"}),
        delete=Call(
            "delete_application",
            {"ApplicationName": "{id}", "CreateTimestamp": "{ApplicationDetail[CreateTimestamp]}"},
        ),
        changes=frozenset({"ApplicationConfiguration", "RuntimeEnvironment", "ServiceExecutionRole"}),
        needs=_LIBRARIES,
    ),
    _LoggingOption(
        name="AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
        service="kinesisanalyticsv2",
        create=None,
        ref="{id}",
        physical_name=None,
        update=None,
        delete=None,
    ),
]
