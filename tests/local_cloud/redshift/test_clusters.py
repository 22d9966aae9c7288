"""Clusters: the Data API runs their statements, unless they are paused, by a role that is theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud.sql.conftest import REGION, Lake

NAME, LIMITED = "orders", "limited"
ROLE, OTHER = "arn:aws:iam::123456789012:role/loads", "arn:aws:iam::123456789012:role/other"
NODES = {"NodeType": "ra3.large", "MasterUsername": "boss"}


@pytest.fixture(scope="module")
def lake(cloud: LocalCloud) -> Lake:
    lake = Lake(runtime=cloud._running.runtime)
    lake.client("redshift").create_cluster(
        ClusterIdentifier=NAME, ManageMasterPassword=True, IamRoles=[ROLE], DBName="shop", **NODES
    )
    return lake


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud"), region=REGION) as cloud:
        yield cloud


def ask(lake: Lake, *sqls: str, cluster: str = NAME, database: str = "shop") -> dict[str, Any]:
    """Run statements on a cluster and return what DescribeStatement says."""
    target = {"ClusterIdentifier": cluster, "Database": database}
    redshift = lake.client("redshift-data")
    started = redshift.batch_execute_statement(Sqls=list(sqls), **target)
    while True:
        found: dict[str, Any] = redshift.describe_statement(Id=started["Id"])
        if found["Status"] in ("FINISHED", "FAILED"):
            return found


def rows(lake: Lake, *sqls: str, **where: str) -> int:
    found = ask(lake, *sqls, **where)
    assert found["Status"] == "FINISHED", found
    return int(found["ResultRows"])


def error(lake: Lake, sql: str) -> str:
    return str(ask(lake, sql)["Error"])


def described(lake: Lake, name: str = NAME) -> dict[str, Any]:
    (found,) = lake.client("redshift").describe_clusters(ClusterIdentifier=name)["Clusters"]
    return dict(found)


def test_a_cluster_keeps_what_its_statements_write(lake: Lake) -> None:
    assert rows(lake, "create table kept (id int)", "insert into kept values (1), (2)", "select * from kept") == 2
    assert rows(lake, "select * from kept where id = 1") == 1


def test_a_workgroup_of_the_same_name_and_another_database_are_other_warehouses(lake: Lake) -> None:
    ask(lake, "create table apart (id int)")
    assert ask(lake, "select * from apart", database="dev")["Status"] == "FAILED"
    assert lake.statement("select * from apart", WorkgroupName=NAME, Database="shop")["Status"] == "FAILED"


def test_the_managed_password_is_in_a_secret_that_the_cluster_names(lake: Lake) -> None:
    secret = lake.client("secretsmanager").get_secret_value(SecretId=described(lake)["MasterPasswordSecretArn"])
    assert secret["Name"] == f"redshift!{NAME}-boss"
    assert json.loads(secret["SecretString"]).keys() == {"username", "password"}


def test_statements_name_a_role_of_the_cluster(lake: Lake) -> None:
    schema = "create external schema lake from data catalog database 'lake' create external database if not exists"
    assert "has no default IAM role" in error(lake, f"{schema} iam_role default")
    assert f"{OTHER} is not associated with cluster {NAME}" in error(lake, f"{schema} iam_role '{OTHER}'")
    assert rows(lake, f"{schema} iam_role '{ROLE}'", "select 1") == 1


def test_a_paused_cluster_takes_neither_statements_nor_changes_until_it_is_resumed(lake: Lake) -> None:
    service = lake.client("redshift")
    ask(lake, "create table paused (id int)")
    assert service.pause_cluster(ClusterIdentifier=NAME)["Cluster"]["ClusterStatus"] == "paused"
    with pytest.raises(ClientError, match=r"ValidationException.*Cluster orders is paused"):
        ask(lake, "select 1")
    for change in (service.pause_cluster, service.modify_cluster, service.delete_cluster):
        with pytest.raises(ClientError, match="InvalidClusterState"):
            change(ClusterIdentifier=NAME)
    service.resume_cluster(ClusterIdentifier=NAME)
    with pytest.raises(ClientError, match="must be paused"):
        service.resume_cluster(ClusterIdentifier=NAME)
    assert rows(lake, "select * from paused") == 0


def test_statements_for_a_cluster_that_is_not_there_are_refused(lake: Lake) -> None:
    with pytest.raises(ClientError, match="Redshift endpoint doesn't exist in this region"):
        ask(lake, "select 1", cluster="nowhere")


def test_a_cluster_that_takes_a_deleted_ones_name_is_empty(lake: Lake) -> None:
    service = lake.client("redshift")
    for expected in ("FINISHED", "FINISHED"):
        service.create_cluster(ClusterIdentifier="again", ManageMasterPassword=True, **NODES)
        assert ask(lake, "create table again (id int)", cluster="again", database="dev")["Status"] == expected
        service.delete_cluster(ClusterIdentifier="again", SkipFinalClusterSnapshot=True)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"ClusterSubnetGroupName": "nowhere"}, "ClusterSubnetGroupNotFound"),
        ({"ClusterParameterGroupName": "nowhere"}, "ClusterParameterGroupNotFound"),
        ({"MasterUserPassword": "Passw0rd!"}, "InvalidParameterCombination"),
    ],
)
def test_a_cluster_needs_groups_that_are_there_and_one_password(lake: Lake, options: dict[str, str], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        lake.client("redshift").create_cluster(
            ClusterIdentifier="refused", ManageMasterPassword=True, **NODES, **options
        )


def template(**properties: Any) -> dict[str, Any]:
    cluster = {
        "ClusterIdentifier": LIMITED,
        "ClusterType": "single-node",
        "DBName": "dev",
        "ManageMasterPassword": True,
        **NODES,
        "ClusterParameterGroupName": {"Ref": "Parameters"},
        "LoggingProperties": {"LogDestinationType": "cloudwatch", "LogExports": ["userlog"]},
        **properties.pop("cluster", {}),
    }
    resources = {
        "Parameters": {
            "ParameterGroupFamily": "redshift-1.0",
            "Description": "parameters",
            "Parameters": [{"ParameterName": "require_ssl", "ParameterValue": properties.get("require_ssl", "true")}],
        },
        "Cluster": cluster,
        "Limit": {
            "ClusterIdentifier": {"Ref": "Cluster"},
            "FeatureType": "spectrum",
            "LimitType": "data-scanned",
            "Amount": properties.get("amount", 1),
        },
        "Action": {
            "ScheduledActionName": "limited-pause",
            "Schedule": properties.get("schedule", "cron(0 19 ? * MON *)"),
            "IamRole": ROLE,
            "TargetAction": {"PauseCluster": {"ClusterIdentifier": {"Ref": "Cluster"}}},
        },
    }
    kinds = {"Parameters": "ClusterParameterGroup", "Limit": "UsageLimit", "Action": "ScheduledAction"}
    return {
        "Resources": {
            name: {"Type": f"AWS::Redshift::{kinds.get(name, name)}", "Properties": found}
            for name, found in resources.items()
        },
        "Outputs": {"Secret": {"Value": {"Fn::GetAtt": ["Cluster", "MasterPasswordSecretArn"]}}},
    }


def settings(lake: Lake) -> tuple[Any, ...]:
    """Return what a template sets of the cluster and beside it."""
    service, cluster = lake.client("redshift"), described(lake, LIMITED)
    group = cluster["ClusterParameterGroups"][0]["ParameterGroupName"]
    parameters = service.describe_cluster_parameters(ParameterGroupName=group)["Parameters"]
    (action,) = service.describe_scheduled_actions()["ScheduledActions"]
    (limit,) = service.describe_usage_limits(ClusterIdentifier=LIMITED)["UsageLimits"]
    return (
        cluster["NumberOfNodes"],
        service.describe_logging_status(ClusterIdentifier=LIMITED)["LogExports"],
        next(one["ParameterValue"] for one in parameters if one["ParameterName"] == "require_ssl"),
        (action["State"], action["Schedule"], action["TargetAction"]["PauseCluster"]["ClusterIdentifier"]),
        (limit["Amount"], limit["Period"], limit["BreachAction"]),
    )


def test_a_stack_makes_changes_and_removes_a_cluster_and_what_belongs_to_it(lake: Lake) -> None:
    stacks: Any = lake.client("cloudformation")
    stacks.create_stack(StackName="limited", TemplateBody=json.dumps(template()))
    assert settings(lake) == (
        1,
        ["userlog"],
        "true",
        ("ACTIVE", "cron(0 19 ? * MON *)", LIMITED),
        (1, "monthly", "log"),
    )
    (stack,) = stacks.describe_stacks(StackName="limited")["Stacks"]
    assert stack["Outputs"][0]["OutputValue"] == described(lake, LIMITED)["MasterPasswordSecretArn"]
    size = {"ClusterType": "multi-node", "NumberOfNodes": 3}
    changed = template(cluster=size, require_ssl="false", amount=2, schedule="cron(0 20 ? * MON *)")
    stacks.update_stack(StackName="limited", TemplateBody=json.dumps(changed))
    assert settings(lake)[0] == 3
    assert settings(lake)[2:] == (
        "false",
        ("ACTIVE", "cron(0 20 ? * MON *)", LIMITED),
        (2, "monthly", "log"),
    )
    stacks.delete_stack(StackName="limited")
    service = lake.client("redshift")
    assert LIMITED not in {one["ClusterIdentifier"] for one in service.describe_clusters()["Clusters"]}
    assert service.describe_scheduled_actions()["ScheduledActions"] == []
    assert service.describe_usage_limits()["UsageLimits"] == []
