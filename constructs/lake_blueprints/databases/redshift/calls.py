"""Calls of a warehouse, and of those that run statements in it."""

from __future__ import annotations

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam

from lake_blueprints.catalog.calls import read_entries, unchanged_entries
from lake_blueprints.databases.redshift.data_api import admin_secret_name
from lake_blueprints.databases.redshift.warehouse import Warehouse
from lake_blueprints.foundation.access.declared import Call, Declared, calls_on_logs
from lake_blueprints.foundation.network.lake_network import LakeNetwork
from lake_blueprints.storage.s3 import calls as objects

_SPECTRUM = "https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-iam-policies.html"
_DATA_API = "https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html"
_LIMITS = "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateUsageLimit.html"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"
_FLOW_LOGS = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"


def warehouse_calls(warehouse: Warehouse) -> Declared:
    """Return what COPY and queries on external tables do."""
    because = "loads the tables of the lake"
    return Declared(
        name="Warehouse",
        principal=warehouse.role,
        assumed_by=("redshift.amazonaws.com", "redshift-serverless.amazonaws.com"),
        required=tuple(
            call
            for table in warehouse.tables
            for call in (
                *objects.reading(table.zone, table.prefix, because),
                objects.locating(table.zone, because, _SPECTRUM),
                *read_entries(table, because, _SPECTRUM),
            )
        ),
        refused=tuple(
            call
            for table in warehouse.tables
            for call in (
                *objects.beside(table.zone, table.prefix),
                objects.unchanged(table.zone, table.prefix),
                *objects.ruling(table.zone),
                unchanged_entries(table),
            )
        ),
    )


def run_statements(warehouse: Warehouse, because: str, *actions: str) -> tuple[Call, ...]:
    """Run SQL as the database's admin, whose secret Secrets Manager decrypts."""
    run = [f"redshift-data:{action}" for action in actions if action.endswith("ExecuteStatement")]
    follow = [f"redshift-data:{action}" for action in actions if not action.endswith("ExecuteStatement")]
    secret = Stack.of(warehouse).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{admin_secret_name(warehouse.namespace_name)}-AbCdEf",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    told = {
        "kms:ViaService": f"secretsmanager.{Aws.REGION}.amazonaws.com",
        "kms:EncryptionContext:SecretARN": secret,
    }
    return (
        Call(actions=tuple(run), resources=(warehouse.workgroup_arn,), because=because, source=_DATA_API),
        Call(actions=tuple(follow), because=f"{because}, and follows them", source=_DATA_API),
        Call(
            actions=("secretsmanager:GetSecretValue",),
            resources=(secret,),
            because="signs in as the admin",
            source=_DATA_API,
        ),
        Call(
            actions=("kms:Decrypt",),
            resources=(warehouse.key.key_arn,),
            contexts=(told,),
            because="signs in as the admin",
            source=_SECRETS,
        ),
    )


def run_statements_calls(warehouse: Warehouse, user: iam.IRole) -> Declared:
    """Return the calls of a principal that runs statements."""
    actions = ("ExecuteStatement", "BatchExecuteStatement", "DescribeStatement", "GetStatementResult")
    secret = Stack.of(warehouse).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name="redshift!another-admin-AbCdEf",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return Declared(
        name="User of a warehouse",
        principal=user,
        required=run_statements(warehouse, "runs statements", *actions, "CancelStatement"),
        refused=(
            Call(
                actions=("secretsmanager:GetSecretValue",),
                resources=(secret,),
                because="the admin of another warehouse",
                source=_DATA_API,
            ),
            Call(
                actions=("redshift-serverless:DeleteWorkgroup", "redshift-serverless:UpdateWorkgroup"),
                resources=(warehouse.workgroup_arn,),
                because="changing the warehouse",
                source=_DATA_API,
            ),
        ),
    )


def usage_limit_calls(user: iam.IRole) -> Declared:
    """Return the calls of a principal that sets usage limits."""
    actions = ("ListUsageLimits", "CreateUsageLimit", "UpdateUsageLimit")
    return Declared(
        name="Setter of usage limits",
        principal=user,
        required=(
            Call(
                actions=tuple(f"redshift-serverless:{action}" for action in actions),
                because="sets usage limits",
                source=_LIMITS,
            ),
        ),
        refused=(
            Call(actions=("redshift-serverless:DeleteUsageLimit",), because="removing usage limits", source=_LIMITS),
        ),
    )


def flow_log_calls(network: LakeNetwork) -> Declared:
    """Return what VPC flow logs do."""
    group = Stack.of(network).format_arn(
        service="logs",
        resource="log-group",
        resource_name=network.flow_logs.log_group_name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return Declared(
        name="VPC flow logs",
        principal=network.role,
        assumed_by=("vpc-flow-logs.amazonaws.com",),
        required=(*calls_on_logs((group,), ("logs:DescribeLogStreams",), "writes flow logs", _FLOW_LOGS),),
        refused=(
            Call(
                actions=("logs:DeleteLogGroup", "logs:PutRetentionPolicy"),
                resources=(f"{group}:log-stream:",),
                because="losing flow logs",
                source=_FLOW_LOGS,
            ),
            Call(
                actions=("logs:PutLogEvents",),
                resources=(f"{group}-other:log-stream:eni-1-all",),
                because="other log groups",
                source=_FLOW_LOGS,
            ),
        ),
    )
