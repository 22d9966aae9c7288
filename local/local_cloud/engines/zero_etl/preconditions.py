"""Preconditions of an integration, as AWS refuses it without them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.rds.models import DBCluster, rds_backends

from local_cloud.engines.rds.models import ENGINES, parameters
from local_cloud.engines.zero_etl.filters import DataFilter
from local_cloud.errors import LocalCloudError
from local_cloud.server.runtime import Runtime
from template_checks.limits import zero_etl as limits

_REDSHIFT = "redshift.amazonaws.com"
_EXPORT = ("dynamodb:ExportTableToPointInTime", "dynamodb:DescribeTable", "dynamodb:DescribeExport")


class Refused(LocalCloudError):
    """A precondition that is not met, with the code of AWS's error."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def check(runtime: Runtime, region: str, members: Mapping[str, Any], policies: Mapping[str, Any]) -> None:
    """Refuse an integration whose source or target is not prepared.

    Raises
    ------
    Refused
        With what is missing.
    """
    source, target = str(members["SourceArn"]), str(members["TargetArn"])
    _check_target(runtime, region, target)
    _check_policy(policies.get(target), source)
    if ":dynamodb:" in source:
        _check_table(runtime.account, region, source)
    else:
        _check_database(runtime.account, region, source, members.get("DataFilter"))


def database_of(account: str, region: str, arn: str) -> Any:
    """Return moto's cluster or instance of an ARN, or None."""
    backend = rds_backends[account][region]
    kind, name = arn.split(":")[5:7]
    return (backend.clusters if kind == "cluster" else backend.databases).get(name)


def table_of(account: str, region: str, arn: str) -> Any:
    """Return moto's table of an ARN, or None."""
    tables = dynamodb_backends[account][region].tables.values()
    return next((table for table in tables if table.table_arn == arn), None)


def _check_target(runtime: Runtime, region: str, target: str) -> None:
    client = runtime.client("redshift-serverless", region)
    namespaces = {one["namespaceArn"]: one["namespaceName"] for one in client.list_namespaces()["namespaces"]}
    if target not in namespaces:
        raise Refused("IntegrationTargetNotFound", f"the target {target} does not exist")
    groups = [one for one in client.list_workgroups()["workgroups"] if one["namespaceName"] == namespaces[target]]
    settings = {
        one["parameterKey"]: one["parameterValue"] for group in groups for one in group.get("configParameters", ())
    }
    if settings.get(limits.CASE_SENSITIVE) != "true":
        raise Refused(
            "InvalidParameterValue",
            f"case sensitivity must be enabled on the target: set {limits.CASE_SENSITIVE} to true in its workgroup",
        )


def _check_policy(policy: Any, source: str) -> None:
    statements = list(_statements(policy))
    admitted = any(
        _names(one, "redshift:AuthorizeInboundIntegration")
        and _REDSHIFT in _listed(one.get("Principal", {}), "Service")
        and source in _listed(one.get("Condition", {}).get("StringEquals", {}), "aws:SourceArn")
        for one in statements
    )
    if not admitted:
        raise Refused(
            "AccessDenied",
            f"the target's resource policy does not let {_REDSHIFT} authorize the inbound integration of {source}",
        )
    if not any(_names(one, "redshift:CreateInboundIntegration") and "AWS" in one["Principal"] for one in statements):
        raise Refused("AccessDenied", "the target's resource policy lets nobody create an inbound integration")


def _check_database(account: str, region: str, source: str, data_filter: Any) -> None:
    model = database_of(account, region, source)
    if model is None:
        raise Refused("DBClusterNotFoundFault", f"the source {source} does not exist")
    if isinstance(model, DBCluster) and not model.members:
        raise Refused("InvalidDBClusterStateFault", f"the source cluster {model.resource_id} has no instance")
    engine = str(model.engine)
    if engine not in ENGINES:
        raise Refused(
            "InvalidParameterValue", f"the local cloud replicates from PostgreSQL only, and not from {engine}"
        )
    if least := limits.least_version(engine, str(model.engine_version)):
        raise Refused("InvalidParameterValue", f"zero-ETL needs {engine} {least} or later, not {model.engine_version}")
    if wrong := limits.wrong_parameters(engine, parameters(model)):
        wanted = ", ".join(f"{name} = {value}" for name, value in wrong.items())
        raise Refused("InvalidParameterValue", f"the source's parameter group must have {wanted}")
    if not data_filter:
        raise Refused("InvalidParameterValue", "a source of PostgreSQL needs a data filter that names one database")
    try:
        DataFilter.of(str(data_filter))
    except LocalCloudError as error:
        raise Refused("InvalidParameterValue", str(error)) from None


def _check_table(account: str, region: str, source: str) -> None:
    table = table_of(account, region, source)
    if table is None:
        raise Refused("IntegrationSourceNotFound", f"the source {source} does not exist")
    recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
        raise Refused("InvalidParameterValue", f"point-in-time recovery is not enabled for table {table.name}")
    found = dynamodb_backends[account][region].resource_policies.get(source)
    statements = list(_statements(found.policy_doc if found else None))
    for action in _EXPORT:
        if not any(_names(one, action) and _REDSHIFT in _listed(one["Principal"], "Service") for one in statements):
            raise Refused("AccessDenied", f"the policy of table {table.name} does not allow {action} to {_REDSHIFT}")


def _statements(policy: Any) -> Iterator[Mapping[str, Any]]:
    document = json.loads(policy) if isinstance(policy, str) else policy or {}
    found = document.get("Statement", [])
    yield from (one for one in (found if isinstance(found, list) else [found]) if one.get("Effect") == "Allow")


def _names(statement: Mapping[str, Any], action: str) -> bool:
    return action in _listed(statement, "Action")


def _listed(container: Any, name: str) -> list[Any]:
    value = container.get(name, []) if isinstance(container, Mapping) else []
    return value if isinstance(value, list) else [value]
