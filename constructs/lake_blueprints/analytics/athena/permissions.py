"""Permissions to query through a workgroup: Athena acts under the identity of the caller."""

from __future__ import annotations

from aws_cdk import Stack

from lake_blueprints.catalog.permissions import find_default_database
from lake_blueprints.foundation.access import Permission
from lake_blueprints.storage.s3 import LakeBucket, Zone
from lake_blueprints.storage.s3 import permissions as objects

RESULTS_PREFIX = "results/"
_WORKGROUPS = "https://docs.aws.amazon.com/athena/latest/ug/example-policies-workgroup.html"
_CATALOGS = "https://docs.aws.amazon.com/athena/latest/ug/datacatalogs-example-policies.html"
_RESULTS = "https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html"
_UNLOAD = "https://docs.aws.amazon.com/athena/latest/ug/unload.html"
_STATE_MACHINE = "https://docs.aws.amazon.com/step-functions/latest/dg/connect-athena.html"

_EXECUTE = ("StartQueryExecution", "StopQueryExecution", "GetQueryExecution")
_RESULTS_OF_QUERIES = (
    "GetQueryResults",
    "GetQueryResultsStream",
    "GetQueryRuntimeStatistics",
    "BatchGetQueryExecution",
    "ListQueryExecutions",
)
_SAVED = ("GetNamedQuery", "BatchGetNamedQuery", "ListNamedQueries")
_PREPARED = (
    "CreatePreparedStatement",
    "GetPreparedStatement",
    "BatchGetPreparedStatement",
    "ListPreparedStatements",
    "UpdatePreparedStatement",
    "DeletePreparedStatement",
)


def execute_query(workgroup_arn: str, results: LakeBucket) -> tuple[Permission, ...]:
    """Run one query to its end from a state machine, which does not look at the result."""
    return (
        _on(workgroup_arn, "runs queries", *_EXECUTE).used_for("runs queries", _STATE_MACHINE),
        *_write_results(results),
    )


def read_result(workgroup_arn: str) -> Permission:
    """Read the result of a query from the state machine that ran it."""
    because = "reads the snapshot, and how many rows it has"
    return _on(workgroup_arn, because, "GetQueryResults").used_for(because, _STATE_MACHINE)


def unload(zone: Zone, prefix: str) -> tuple[Permission, ...]:
    """Write the rows of a query below a prefix, and an account of them."""
    because, written = "exports rows", [prefix]
    return (
        objects.on_objects(zone, objects.PUT, written, because).used_for(because, _UNLOAD),
        objects.on_bucket(zone.bucket, objects.FIND_UPLOADS, because),
        # UNLOAD makes sure that nothing lies there.
        objects.list_objects(zone, [f"{prefix}*"], because).used_for(because, _UNLOAD),
        objects.with_key(zone, objects.ENCRYPT, written, because),
    )


def run_queries(workgroup_arn: str, results: LakeBucket) -> tuple[Permission, ...]:
    """Run queries, saved queries and prepared statements, and read their results."""
    return (
        _on(workgroup_arn, "runs queries", "GetWorkGroup", *_EXECUTE),
        _on(workgroup_arn, "reads results", *_RESULTS_OF_QUERIES),
        _on(workgroup_arn, "finds saved queries", *_SAVED),
        _on(workgroup_arn, "prepares statements", *_PREPARED),
        *_write_results(results),
    )


def _write_results(results: LakeBucket) -> tuple[Permission, ...]:
    because, prefixes = "writes and reads results", [RESULTS_PREFIX]
    catalog = Stack.of(results).format_arn(service="athena", resource="datacatalog", resource_name="AwsDataCatalog")
    written = (*objects.GET, *objects.PUT)
    return (
        Permission(actions=("athena:GetDataCatalog",), on=(catalog,), because="looks tables up", sources=(_CATALOGS,)),
        *find_default_database(results),
        objects.on_objects(results, written, prefixes, because, wildcard="Athena names a result after its query"),
        objects.on_bucket(results.bucket, objects.FIND_UPLOADS, because, _RESULTS),
        objects.list_objects(results, [f"{RESULTS_PREFIX}*"], because),
        objects.with_key(results, objects.ENCRYPT, prefixes, because),
    )


def _on(workgroup_arn: str, because: str, *actions: str) -> Permission:
    return Permission(
        actions=tuple(f"athena:{action}" for action in actions),
        on=(workgroup_arn,),
        because=because,
        sources=(_WORKGROUPS,),
    )
