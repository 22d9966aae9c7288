"""WarehouseCluster: private, encrypted, paused outside of given hours, and loaded as a serverless warehouse is."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk import aws_iam as iam

from lake_blueprints.databases.redshift import (
    BreachAction,
    ClusterFeature,
    ClusterUsageLimit,
    Load,
    MaintenanceWindow,
    PauseResume,
    Period,
    Priority,
    Queue,
    Warehouse,
    WarehouseCluster,
    Weekday,
)
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.foundation.removal import DESTROY_CONTEXT
from lake_blueprints.orchestration import Pipeline
from tests.support import new_stack, properties, resources, template_of
from tests.unit.databases.redshift.test_warehouse import AIRLINES, FLIGHTS, curated

CLUSTER = "AWS::Redshift::Cluster"


def build(stack: cdk.Stack, **options: Any) -> WarehouseCluster:
    warehouse = WarehouseCluster(stack, "Warehouse", **options)
    warehouse.add_dataset(curated(stack).add_table(AIRLINES))
    return warehouse


def cluster(stack: cdk.Stack) -> dict[str, Any]:
    return properties(template_of(stack), CLUSTER)


def parameters(stack: cdk.Stack) -> dict[str, str]:
    found = properties(template_of(stack), "AWS::Redshift::ClusterParameterGroup")["Parameters"]
    return {one["ParameterName"]: one["ParameterValue"] for one in found}


def test_is_private_encrypted_and_managed_by_redshift(stack: cdk.Stack) -> None:
    warehouse = build(stack)
    key, found = stack.resolve(warehouse.key.key_arn), cluster(stack)
    assert (found["Encrypted"], found["KmsKeyId"], found["MasterPasswordSecretKmsKeyId"]) == (True, key, key)
    assert (found["ManageMasterPassword"], found["PubliclyAccessible"], found["EnhancedVpcRouting"]) == (
        True,
        False,
        True,
    )
    assert "MasterUserPassword" not in found
    assert parameters(stack)["require_ssl"] == "true"
    groups = {
        stack.resolve(group.security_group_id)["Fn::GetAtt"][0] for group in warehouse.connections.security_groups
    }
    assert not any("SecurityGroupIngress" in template_of(stack)["Resources"][one]["Properties"] for one in groups)


def test_is_one_node_of_managed_storage_that_keeps_snapshots_for_a_week(stack: cdk.Stack) -> None:
    build(stack)
    found = cluster(stack)
    assert (found["NodeType"], found["ClusterType"], "NumberOfNodes" in found) == ("ra3.large", "single-node", False)
    assert found["AutomatedSnapshotRetentionPeriod"] == 7


def test_logs_into_groups_that_are_there_first(stack: cdk.Stack) -> None:
    build(stack)
    template = template_of(stack)
    (found,) = resources(template, CLUSTER)
    logs = found["Properties"]["LoggingProperties"]
    assert logs == {
        "LogDestinationType": "cloudwatch",
        "LogExports": ["userlog", "connectionlog", "useractivitylog"],
    }
    name = found["Properties"]["ClusterIdentifier"]
    groups = [template["Resources"][one]["Properties"] for one in found["DependsOn"] if "log" in one]
    assert {group["LogGroupName"] for group in groups} == {
        f"/aws/redshift/cluster/{name}/{log}" for log in logs["LogExports"]
    }
    assert parameters(stack)["enable_user_activity_logging"] == "true"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"node_type": "dc2.large"},
            r"'node_type' must be ra3.large, .* or rg.12xlarge, got 'dc2.large'; nodes of dc2 ",
        ),
        ({"node_type": "m5.large"}, "got 'm5.large'; nodes of m5 are no RA3 or RG"),
        ({"node_type": "ra3.4xlarge"}, "'nodes' must be 2 or more of ra3.4xlarge, got 1"),
        ({"nodes": 101}, "'nodes' must be 1 to 100 nodes, got 101 nodes"),
        ({"port": 1234}, "'port' must be 5431 to 5455 or 8191 to 8215, got 1234"),
        ({"snapshots_kept_for": Duration.days(36)}, "'snapshots_kept_for' must be 1 to 35 days, got 36 days"),
        ({"query_timeout": Duration.days(1)}, "'query_timeout' must be 1 to 86399 seconds, got 86400 seconds"),
        (
            {"queues": [Queue(user_groups=[f"g{n}"]) for n in range(8)]},
            "'queues' must be at most 7, beside the one for all other queries, got 8",
        ),
        (
            {"usage_limits": [ClusterUsageLimit(feature=ClusterFeature.SPECTRUM, amount=n) for n in (1, 2)]},
            "'usage_limits' must have one limit at most of a feature in a period",
        ),
    ],
)
def test_refuses_what_redshift_would_refuse(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WarehouseCluster(stack, "Warehouse", **options)


def test_several_nodes_are_a_cluster_of_many(stack: cdk.Stack) -> None:
    build(stack, node_type="rg.4xlarge", nodes=3)
    found = cluster(stack)
    assert (found["ClusterType"], found["NumberOfNodes"], found["NodeType"]) == ("multi-node", 3, "rg.4xlarge")


def test_runs_on_working_days_by_a_role_that_can_pause_and_resume_it_alone(stack: cdk.Stack) -> None:
    warehouse = build(stack, schedule=PauseResume())
    template = template_of(stack)
    actions = [one["Properties"] for one in resources(template, "AWS::Redshift::ScheduledAction")]
    assert [(one["Schedule"], one["TargetAction"]) for one in actions] == [
        ("cron(0 7 ? * MON,TUE,WED,THU,FRI *)", {"ResumeCluster": {"ClusterIdentifier": resolved(stack, warehouse)}}),
        ("cron(0 19 ? * MON,TUE,WED,THU,FRI *)", {"PauseCluster": {"ClusterIdentifier": resolved(stack, warehouse)}}),
    ]
    policies = [one["Properties"] for one in resources(template, "AWS::IAM::ManagedPolicy")]
    (policy,) = [one for one in policies if "Pauses and resumes" in one["Description"]]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["redshift:PauseCluster", "redshift:ResumeCluster"]
    assert statement["Resource"] == stack.resolve(warehouse.cluster_arn)


def resolved(stack: cdk.Stack, warehouse: WarehouseCluster) -> Any:
    return stack.resolve(warehouse.cluster_identifier)


def test_runs_all_the_time_unless_it_is_told_when(stack: cdk.Stack) -> None:
    build(stack)
    assert resources(template_of(stack), "AWS::Redshift::ScheduledAction") == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: PauseResume(pause_at=datetime.time(7, 30)),
            "'pause_at' must be at least one hour after 'resume_at', 07:00, got 07:30",
        ),
        (
            lambda: PauseResume(resume_at=datetime.time(7, 0, 1)),
            "'resume_at' must be a time of UTC in hours and minutes, without a zone, got 07:00:01",
        ),
        (lambda: PauseResume(days=[]), "'days' must have at least one Weekday, got none"),
        (Queue, "a queue must have 'user_groups' or 'query_groups', got neither"),
        (lambda: ClusterUsageLimit(feature=ClusterFeature.SPECTRUM, amount=0), "'amount' must be at least 1, got 0"),
        (
            lambda: MaintenanceWindow(day=Weekday.SUNDAY, begins_at=datetime.time(3), lasts=Duration.minutes(29)),
            "'lasts' must be 30 to 1380 minutes, got 29",
        ),
    ],
)
def test_refuses_settings_without_a_meaning(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_one_queue_for_all_queries_by_default(stack: cdk.Stack) -> None:
    build(stack)
    assert json.loads(parameters(stack)["wlm_json_configuration"]) == [{"auto_wlm": True}]


def test_queues_come_before_the_one_for_all_other_queries(stack: cdk.Stack) -> None:
    build(stack, queues=[Queue(user_groups=["analysts"], priority=Priority.HIGH, concurrency_scaling=True)])
    analysts, others = json.loads(parameters(stack)["wlm_json_configuration"])
    assert analysts == {
        "user_group": ["analysts"],
        "query_group": [],
        "priority": "high",
        "concurrency_scaling": "auto",
        "queue_type": "auto",
        "auto_wlm": True,
    }
    assert others == {"priority": "normal", "queue_type": "auto", "auto_wlm": True}


def test_limits_what_bills_beside_the_nodes(stack: cdk.Stack) -> None:
    limits = [
        ClusterUsageLimit(feature=ClusterFeature.SPECTRUM, amount=5, breach_action=BreachAction.DEACTIVATE),
        ClusterUsageLimit(feature=ClusterFeature.CONCURRENCY_SCALING, amount=60, period=Period.DAILY),
    ]
    build(stack, usage_limits=limits)
    found = [one["Properties"] for one in resources(template_of(stack), "AWS::Redshift::UsageLimit")]
    assert [{key: value for key, value in one.items() if key != "ClusterIdentifier"} for one in found] == [
        {
            "FeatureType": "spectrum",
            "LimitType": "data-scanned",
            "Amount": 5,
            "Period": "monthly",
            "BreachAction": "disable",
        },
        {
            "FeatureType": "concurrency-scaling",
            "LimitType": "time",
            "Amount": 60,
            "Period": "daily",
            "BreachAction": "log",
        },
    ]


@pytest.mark.parametrize(
    ("window", "rendered"),
    [
        (MaintenanceWindow(day=Weekday.MONDAY, begins_at=datetime.time(3)), "mon:03:00-mon:03:30"),
        (
            MaintenanceWindow(day=Weekday.SUNDAY, begins_at=datetime.time(23, 45), lasts=Duration.hours(1)),
            "sun:23:45-mon:00:45",
        ),
    ],
)
def test_is_patched_at_a_time_of_the_week(stack: cdk.Stack, window: MaintenanceWindow, rendered: str) -> None:
    build(stack, maintenance_window=window)
    assert cluster(stack)["PreferredMaintenanceWindow"] == rendered


def test_statements_name_the_role_since_a_stack_cannot_make_it_the_default(stack: cdk.Stack) -> None:
    warehouse = build(stack)
    role = warehouse.role.role_arn
    assert cluster(stack)["IamRoles"] == [stack.resolve(role)]
    schema, *_ = warehouse.setup_statements()
    assert schema.endswith(f"IAM_ROLE '{role}'")
    assert f"\nIAM_ROLE '{role}'\n" in warehouse.load_statements(*warehouse.tables)[-1]


def test_its_statements_are_those_of_a_serverless_one_but_for_the_role(stack: cdk.Stack) -> None:
    network, database = LakeNetwork(stack, "Network"), curated(stack)
    tables = [database.add_table(AIRLINES), database.add_table(FLIGHTS)]
    serverless, provisioned = (kind(stack, kind.__name__, network=network) for kind in (Warehouse, WarehouseCluster))
    for one in (serverless, provisioned):
        for table in tables:
            one.add_dataset(table)
    named, default = f"IAM_ROLE '{provisioned.role.role_arn}'", "IAM_ROLE default"
    assert [one.replace(named, default) for one in provisioned.setup_statements()] == serverless.setup_statements()
    for table in tables:
        loads = [one.replace(named, default) for one in provisioned.load_statements(table)]
        assert loads == serverless.load_statements(table)
        assert provisioned.recreate_statements(table) == serverless.recreate_statements(table)


def test_a_principal_that_runs_statements_reads_the_admin_secret_of_this_cluster_and_no_other(stack: cdk.Stack) -> None:
    warehouse = build(stack)
    warehouse.grant_run_statements(iam.Role(stack, "Runner", assumed_by=iam.AccountRootPrincipal()))
    run, _, secret, key = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert run["Resource"] == stack.resolve(warehouse.cluster_arn)
    assert secret["Resource"] == {"Fn::GetAtt": [stack.get_logical_id(warehouse._cluster), "MasterPasswordSecretArn"]}
    assert (key["Action"], key["Resource"]) == ("kms:Decrypt", stack.resolve(warehouse.key.key_arn))


def test_a_pipeline_loads_it(stack: cdk.Stack) -> None:
    warehouse = build(stack)
    Pipeline(stack, "Pipeline", steps=[Load(warehouse=warehouse)])
    definition = str(properties(template_of(stack), "AWS::StepFunctions::StateMachine")["DefinitionString"])
    assert "ClusterIdentifier" in definition
    assert "WorkgroupName" not in definition


def test_takes_a_last_snapshot_if_it_is_told_to() -> None:
    stack = new_stack({DESTROY_CONTEXT: True})
    build(stack, removal_policy=cdk.RemovalPolicy.SNAPSHOT)
    (found,) = resources(template_of(stack), CLUSTER)
    assert (found["DeletionPolicy"], found["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
