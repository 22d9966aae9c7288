"""The control plane of zero-ETL integrations, in the APIs of RDS and Redshift, which moto lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.rds.exceptions import RDSClientError
from moto.redshift.exceptions import RedshiftClientError

from local_cloud.engines.engine import Engine
from local_cloud.engines.zero_etl.integration import Integration
from local_cloud.engines.zero_etl.postgresql import forget
from local_cloud.engines.zero_etl.preconditions import Refused, check
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_MEMBERS = {
    "rds": (
        *("IntegrationName", "SourceArn", "TargetArn", "KMSKeyId", "AdditionalEncryptionContext"),
        *("DataFilter", "Description", "Tags"),
    ),
    "redshift": (
        *("IntegrationName", "SourceArn", "TargetArn", "KMSKeyId", "AdditionalEncryptionContext"),
        *("Description", "TagList"),
    ),
}
_ERRORS: dict[str, type[ServiceException]] = {"rds": RDSClientError, "redshift": RedshiftClientError}
_CHANGEABLE = ("IntegrationName", "DataFilter", "Description")


class ZeroEtlEngine(Engine):
    """Integrations of every Region, and the policies of the namespaces that take them."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._integrations: dict[str, Integration] = {}
        self._policies: dict[str, str] = {}

    def state(self) -> tuple[dict[str, Integration], dict[str, str]]:
        return self._integrations, self._policies

    def restore(self, state: tuple[dict[str, Integration], dict[str, str]] | None) -> None:
        integrations, policies = state or ({}, {})
        self._integrations.update(integrations)
        self._policies.update(policies)

    def patches(self) -> Patches:
        patches = Patches()
        for service, place in (("rds", "RDSResponse"), ("redshift", "RedshiftResponse")):
            self._answer(patches, service, place)
        engine = self

        @patches.add("moto.redshift.responses", "RedshiftResponse.put_resource_policy")
        def put_resource_policy(self: Any) -> ActionResult:
            arn, policy = self._get_param("ResourceArn"), self._get_param("Policy")
            engine._policies[arn] = policy
            return ActionResult({"ResourcePolicy": {"ResourceArn": arn, "Policy": policy}})

        @patches.add("moto.redshift.responses", "RedshiftResponse.get_resource_policy")
        def get_resource_policy(self: Any) -> ActionResult:
            arn = self._get_param("ResourceArn")
            if arn not in engine._policies:
                raise RedshiftClientError("ResourceNotFoundFault", f"{arn} has no resource policy")
            return ActionResult({"ResourcePolicy": {"ResourceArn": arn, "Policy": engine._policies[arn]}})

        @patches.add("moto.redshift.responses", "RedshiftResponse.delete_resource_policy")
        def delete_resource_policy(self: Any) -> EmptyResult:
            engine._policies.pop(self._get_param("ResourceArn"), None)
            return EmptyResult()

        return patches

    def _answer(self, patches: Patches, service: str, response: str) -> None:
        """Answer the operations on the integrations of one service."""
        engine, module = self, f"moto.{service}.responses"
        read: Callable[[Any], dict[str, Any]] = lambda call: {  # noqa: E731
            name: value for name in _MEMBERS[service] if (value := _member(call, name)) is not None
        }

        @patches.add(module, f"{response}.create_integration")
        def create_integration(self: Any) -> ActionResult:
            made = engine._create(service, self.region, read(self))
            return ActionResult(made.described())

        @patches.add(module, f"{response}.describe_integrations")
        def describe_integrations(self: Any) -> ActionResult:
            named = _member(self, "IntegrationIdentifier" if service == "rds" else "IntegrationArn")
            found = [one for one in engine._of(service, self.region) if named in (None, one.arn, one.id)]
            if named and not found:
                raise _missing(service, named)
            return ActionResult({"Integrations": [one.described() for one in found]})

        @patches.add(module, f"{response}.modify_integration")
        def modify_integration(self: Any) -> ActionResult:
            found = engine._get(service, self.region, _identifier(self, service))
            changes = {name: value for name, value in read(self).items() if name in _CHANGEABLE}
            engine._check(service, found.region, {**found.members, **changes})
            found.members |= changes
            return ActionResult(found.described())

        @patches.add(module, f"{response}.delete_integration")
        def delete_integration(self: Any) -> ActionResult:
            found = engine._get(service, self.region, _identifier(self, service))
            del engine._integrations[found.arn]
            forget(engine.runtime.account, found)
            return ActionResult({**found.described(), "Status": "deleting"})

    def _create(self, service: str, region: str, members: dict[str, Any]) -> Integration:
        made = Integration(service=service, region=region, account=self.runtime.account, members=members)
        for one in self._of(service, region):
            if (one.source, one.target) == (made.source, made.target):
                raise _ERRORS[service](
                    "IntegrationConflictOperationFault", f"{made.source} is integrated with {made.target} already"
                )
            if one.members["IntegrationName"] == members["IntegrationName"]:
                raise _ERRORS[service](
                    "IntegrationAlreadyExistsFault", f"integration {members['IntegrationName']} exists already"
                )
        self._check(service, region, members)
        self._integrations[made.arn] = made
        return made

    def _check(self, service: str, region: str, members: dict[str, Any]) -> None:
        try:
            check(self.runtime, region, members, self._policies)
        except Refused as error:
            raise _ERRORS[service](error.code, str(error)) from None

    def _of(self, service: str, region: str) -> list[Integration]:
        return [one for one in self._integrations.values() if (one.service, one.region) == (service, region)]

    def _get(self, service: str, region: str, named: str) -> Integration:
        for one in self._of(service, region):
            if named in (one.arn, one.id):
                return one
        raise _missing(service, named)


def _member(call: Any, name: str) -> Any:
    value = call.params.get(name) if hasattr(call, "params") and call.params is not None else None
    return call._get_param(name) if value is None else value


def _identifier(call: Any, service: str) -> str:
    return str(_member(call, "IntegrationIdentifier" if service == "rds" else "IntegrationArn"))


def _missing(service: str, named: str) -> ServiceException:
    return _ERRORS[service]("IntegrationNotFoundFault", f"integration {named} not found")
