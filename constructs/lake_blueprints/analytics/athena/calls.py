"""Calls of a principal that queries through a workgroup."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from lake_blueprints.analytics.athena.workgroup import Workgroup
from lake_blueprints.catalog.calls import find_default_database
from lake_blueprints.foundation.access.declared import Call, Declared
from lake_blueprints.storage.s3 import calls as objects

_WORKGROUPS = "https://docs.aws.amazon.com/athena/latest/ug/example-policies-workgroup.html"
_CATALOGS = "https://docs.aws.amazon.com/athena/latest/ug/datacatalogs-example-policies.html"
_RESULTS = "https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html"
_ENTRIES = "https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html"
_RESULTS_PREFIX = "results/"

_ASK = ("GetWorkGroup", "StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "BatchGetQueryExecution")
_HEAR = ("GetQueryResults", "GetQueryResultsStream", "GetQueryRuntimeStatistics", "ListQueryExecutions")
_SAVED = ("GetNamedQuery", "BatchGetNamedQuery", "ListNamedQueries")
_PREPARED = ("Create", "Get", "BatchGet", "Update", "Delete")


def execute_query(workgroup: Workgroup, because: str) -> tuple[Call, ...]:
    """Run one query from a state machine, which does not look at the result."""
    return (
        _on(workgroup, because, "StartQueryExecution", "StopQueryExecution", "GetQueryExecution"),
        *_results(workgroup, because),
    )


def run_query(workgroup: Workgroup, because: str) -> tuple[Call, ...]:
    """Run a query to its end, the results of which Athena writes on behalf of the caller."""
    return (
        _on(workgroup, because, *_ASK),
        *_results(workgroup, because),
    )


def _results(workgroup: Workgroup, because: str) -> tuple[Call, ...]:
    catalog = Stack.of(workgroup).format_arn(service="athena", resource="datacatalog", resource_name="AwsDataCatalog")
    return (
        Call(actions=("athena:GetDataCatalog",), resources=(catalog,), because=because, source=_CATALOGS),
        find_default_database(workgroup, because, _ENTRIES),
        *objects.reading(workgroup.results, _RESULTS_PREFIX, because),
        *objects.uploading(workgroup.results, _RESULTS_PREFIX, because, "s3:ListMultipartUploadParts"),
        objects.locating(workgroup.results, because, _RESULTS),
        objects.finding_uploads(workgroup.results, because, _RESULTS),
    )


def run_queries_calls(workgroup: Workgroup, user: iam.IRole) -> Declared:
    """Return what a user of a workgroup does."""
    prepared = (*(f"{action}PreparedStatement" for action in _PREPARED), "ListPreparedStatements")
    other = Stack.of(workgroup).format_arn(service="athena", resource="workgroup", resource_name="primary")
    return Declared(
        name="User of a workgroup",
        principal=user,
        required=(
            *run_query(workgroup, "runs queries"),
            _on(workgroup, "reads results", *_HEAR),
            _on(workgroup, "finds saved queries", *_SAVED),
            _on(workgroup, "prepares statements", *prepared),
        ),
        refused=(
            _on(workgroup, "changing the workgroup's limits", "UpdateWorkGroup", "DeleteWorkGroup"),
            Call(
                actions=("athena:StartQueryExecution",),
                resources=(other,),
                because="a workgroup without limits",
                source=_WORKGROUPS,
            ),
            *objects.beside(workgroup.results, _RESULTS_PREFIX),
            objects.kept(workgroup.results, _RESULTS_PREFIX),
            *objects.ruling(workgroup.results),
        ),
    )


def _on(workgroup: Workgroup, because: str, *actions: str) -> Call:
    called = tuple(f"athena:{action}" for action in actions)
    return Call(actions=called, resources=(workgroup.workgroup_arn,), because=because, source=_WORKGROUPS)
