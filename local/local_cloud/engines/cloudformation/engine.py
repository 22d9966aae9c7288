"""CloudFormation of the local cloud: moto's API, with stacks that are deployed as CloudFormation does it.

Above 200 lines: one class with the operations of one service, most of them a few lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError, ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack, cloudformation_backends
from moto.cloudformation.parsing import OutputMap
from moto.events.models import EventBus
from moto.iam.access_control import PermissionResult
from moto.ssm.models import ssm_backends
from moto.utilities.utils import get_partition

from local_cloud.cloudformation.intrinsics import resolve
from local_cloud.cloudformation.registry import Registry
from local_cloud.cloudformation.resource import Context
from local_cloud.cloudformation.stacks import DeploymentError, StackDeployment
from local_cloud.cloudformation.types import all_types
from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from local_cloud.server.services import Service

_init_bus = EventBus.__init__
_MODELS = "moto.cloudformation.models"
_PARSING = "moto.cloudformation.parsing"


class ChangeSetNotFound(CloudFormationError):  # type: ignore[misc]
    """The error that the API calls by this name."""

    code = "ChangeSetNotFound"


class CloudFormationEngine(Engine):
    """Deploys templates."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._registry = Registry(all_types())

    def restore(self, state: None) -> None:
        """Give the resources of the stacks their types and clients."""
        for backend in list(cloudformation_backends[self.runtime.account].values()):
            for stack in backend.stacks.values():
                self._deployment(stack).attach()

    def patches(self) -> Patches:
        patches = Patches()

        @patches.replace(_PARSING, "clean_json")
        def clean_json(resource_json: Any, resources_map: Any) -> Any:
            return resolve(resource_json, resources_map)

        @patches.replace(_PARSING, "resource_class_from_type")
        def resource_class_from_type(resource_type: str) -> Any:
            return self._registry.model_of(resource_type)

        @patches.replace(_PARSING, "ResourceMap.__iter__")
        def iterate(self: Any) -> Any:
            # Only what exists: a resource whose condition does not hold has no physical id to list.
            return iter([name for name in self._resource_json_map if name in self._parsed_resources])

        @patches.replace(_MODELS, "CloudFormationBackend.create_stack")
        def create_stack(  # noqa: PLR0917 - moto's signature
            self: CloudFormationBackend,
            name: str,
            template: str,
            parameters: dict[str, Any],
            notification_arns: list[str] | None = None,
            tags: dict[str, str] | None = None,
            role_arn: str | None = None,
            enable_termination_protection: bool | None = False,
            timeout_in_mins: int | None = None,
            stack_policy_body: str | None = None,
        ) -> Stack:
            if any(stack.name == name for stack in self.stacks.values()):
                raise AlreadyExistsException(f"Stack {name} already exists")
            # The stack of a change set starts empty; moto's own would create resources to find its exports.
            change_set_id, stack_id = self.create_change_set(
                stack_name=name,
                change_set_name="create",
                template=template,
                parameters=parameters,
                description="",
                change_set_type="CREATE",
                notification_arns=notification_arns,
                tags=tags,
                role_arn=role_arn,
            )
            self.execute_change_set(change_set_id)
            return self.stacks[stack_id]

        @patches.replace(_PARSING, "ResourceMap.parse_ssm_parameter")
        def parse_ssm_parameter(self: Any, value: str, value_type: str) -> Any:
            parameter = ssm_backends[self._account_id][self._region_name].get_parameter(value)
            if parameter is None and value not in self.resolved_parameters.values():
                raise ValidationError(message=f"Parameter Store has no parameter {value}")
            # For "use the previous value" moto hands over what the parameter was resolved to.
            found = parameter.value if parameter else value
            return found.split(",") if "List" in value_type else found

        @patches.replace(_MODELS, "Stack.update")
        def update(
            self: Stack,
            template: str,
            role_arn: str | None = None,
            parameters: dict[str, Any] | None = None,
            tags: dict[str, str] | None = None,
        ) -> None:
            engine._deploy(self, template, self.parameters if parameters is None else parameters, "UPDATE")

        @patches.replace(_MODELS, "CloudFormationBackend.execute_change_set")
        def execute_change_set(
            self: CloudFormationBackend, change_set_name: str, stack_name: str | None = None
        ) -> None:
            change_set: ChangeSet = self.describe_change_set(change_set_name)
            stack = self.stacks[change_set.stack_id]
            engine._deploy(stack, change_set.template, change_set.parameters, change_set.change_set_type)
            # As in AWS an executed change set is gone. moto finds them by name alone, which all stacks share.
            self.change_sets.pop(change_set.change_set_id)

        @patches.replace(_MODELS, "CloudFormationBackend.describe_change_set")
        def describe_change_set(self: CloudFormationBackend, change_set_name: str) -> ChangeSet:
            for key, change_set in self.change_sets.items():
                if change_set_name in (key, change_set.change_set_name):
                    return change_set
            # The CDK CLI waits for this code after it has deleted one.
            raise ChangeSetNotFound(f"ChangeSet [{change_set_name}] does not exist")

        @patches.replace(_MODELS, "CloudFormationBackend.delete_change_set")
        def delete_change_set(self: CloudFormationBackend, change_set_name: str) -> None:
            for key, change_set in list(self.change_sets.items()):
                if change_set_name in (key, change_set.change_set_name):
                    del self.change_sets[key]

        @patches.replace(_MODELS, "CloudFormationBackend.delete_stack")
        def delete_stack(self: CloudFormationBackend, name_or_stack_id: str) -> None:
            for stack in [s for s in self.stacks.values() if name_or_stack_id in (s.stack_id, s.name)]:
                engine._delete(self, stack)

        @patches.replace("moto.events.models", "EventBus.__init__")
        def init(  # noqa: PLR0917 - moto's signature
            self: EventBus,
            account_id: str,
            region_name: str,
            name: str,
            description: str | None = None,
            kms_key_identifier: str | None = None,
            dead_letter_config: dict[str, str] | None = None,
            tags: list[dict[str, str]] | None = None,
        ) -> None:
            _init_bus(self, account_id, region_name, name, description, kms_key_identifier, dead_letter_config, tags)
            # What Ref is; without it moto would hand the bus itself to a rule of the same template.
            self.physical_resource_id = name

        @patches.replace("moto.s3.models", "FakeBucket.get_permission")
        def get_permission(self: Any, action: str, resource: str) -> PermissionResult:
            # moto ignores a statement's conditions: it would take "deny unless over TLS" for "deny".
            return PermissionResult.NEUTRAL

        engine = self
        return patches

    def services(self) -> Iterable[Service]:
        # The CDK CLI looks into CloudTrail for more about a failed deployment; moto's answer breaks it.
        empty = Service(name="cloudtrail", operations=frozenset({"LookupEvents"}), handle=lambda _: {"Events": []})
        return (empty,)

    def _deployment(self, stack: Stack) -> StackDeployment:
        context = Context(
            client=cache(lambda service: self.runtime.client(service, stack.region_name)),
            account=stack.account_id,
            region=stack.region_name,
            partition=get_partition(stack.region_name),
        )
        return StackDeployment(stack, self._registry, context)

    def _deploy(self, stack: Stack, template: str, parameters: dict[str, Any], action: str) -> None:
        backend = _backend(stack)
        stack.resource_map.cross_stack_resources = backend.exports
        deployment = self._deployment(stack)
        previous = (stack.template, stack.parameters)
        deployment.report(f"{action}_IN_PROGRESS", "User Initiated")
        try:
            deployment.apply(Stack.parse_template(template), parameters)
            stack.output_map = OutputMap(stack.resource_map, Stack.parse_template(template), stack.stack_id)
            _publish_exports(backend, stack)
        except (DeploymentError, CloudFormationError) as error:
            if action == "CREATE":
                self._roll_back_creation(deployment, error)
            else:
                self._roll_back_update(deployment, error, *previous)
            return
        stack.template, stack.parameters = template, parameters
        stack._parse_template()
        stack.description = stack.template_dict.get("Description")
        deployment.report(f"{action}_COMPLETE")

    @staticmethod
    def _roll_back_creation(deployment: StackDeployment, error: Exception) -> None:
        deployment.report("ROLLBACK_IN_PROGRESS", str(error))
        # CloudFormation keeps what the template retains; here nobody wants the leftovers of a failed creation.
        try:
            deployment.delete(retain=False)
        except DeploymentError as second:
            deployment.report("ROLLBACK_FAILED", str(second))
        else:
            deployment.report("ROLLBACK_COMPLETE")

    @staticmethod
    def _roll_back_update(
        deployment: StackDeployment, error: Exception, template: str, parameters: dict[str, Any]
    ) -> None:
        deployment.report("UPDATE_ROLLBACK_IN_PROGRESS", str(error))
        try:
            deployment.apply(Stack.parse_template(template), parameters)
        except DeploymentError as second:
            deployment.report("UPDATE_ROLLBACK_FAILED", str(second))
        else:
            deployment.report("UPDATE_ROLLBACK_COMPLETE")

    def _delete(self, backend: CloudFormationBackend, stack: Stack) -> None:
        deployment = self._deployment(stack)
        deployment.report("DELETE_IN_PROGRESS", "User Initiated")
        try:
            deployment.delete()
        except DeploymentError as error:
            deployment.report("DELETE_FAILED", str(error))
            return
        deployment.report("DELETE_COMPLETE")
        for name in [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]:
            del backend.exports[name]
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)


def _backend(stack: Stack) -> CloudFormationBackend:
    return cloudformation_backends[stack.account_id][stack.region_name]


def _publish_exports(backend: CloudFormationBackend, stack: Stack) -> None:
    for name in [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]
    # Evaluates every output as well, so that one that cannot be resolved fails the deployment.
    list(stack.output_map.values())
    for export in stack.exports:
        if export.name in backend.exports:
            raise ValidationError(message=f"Export with name {export.name} is already exported by another stack")
        backend.exports[export.name] = export
