"""SetUsageLimits, run by the local cloud's Step Functions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.databases.redshift import BreachAction, Period, SetUsageLimits, UsageLimit, Warehouse
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.orchestration.asl import DISCARD, chain
from lake_blueprints.orchestration.context import StepContext
from local_cloud.cloud import LocalCloud
from tests.support import new_stack

CONTEXT = StepContext(pipeline="p", topic_arn="t", poll_interval=cdk.Duration.seconds(10))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as running:
        yield running


class Workgroup:
    """A workgroup of the local cloud, and the step that sets its limits."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.cloud, self._name = cloud, name
        self.serverless = cloud.client("redshift-serverless")
        self.serverless.create_namespace(namespaceName=name)
        made = self.serverless.create_workgroup(workgroupName=name, namespaceName=name)
        self.arn = made["workgroup"]["workgroupArn"]
        iam = cloud.client("iam")
        self._role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def set(self, *limits: UsageLimit) -> str:
        """Run the step of a warehouse with limits; return how it ended."""
        warehouse = Warehouse(new_stack(), "Warehouse", usage_limits=limits)
        warehouse.workgroup_arn = self.arn
        states = chain([SetUsageLimits(warehouse=warehouse).render(CONTEXT)])
        text = json.dumps(states).replace(cdk.Aws.PARTITION, "aws").replace(json.dumps(DISCARD), "null")
        client = self.cloud.client("stepfunctions")
        machine = client.create_state_machine(
            name=f"{self._name}-{time.monotonic_ns()}", definition=text, roleArn=self._role
        )
        execution = client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        while (found := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.05)
        return f"{found['status']} {found.get('cause', '')}".strip()

    def limits(self) -> list[dict[str, Any]]:
        found = self.serverless.list_usage_limits(resourceArn=self.arn)["usageLimits"]
        shown = ("usageType", "period", "amount", "breachAction")
        return [{name: one[name] for name in shown} for one in sorted(found, key=lambda one: str(one["period"]))]


def limit(amount: int, period: str, action: str) -> dict[str, Any]:
    return {"usageType": "serverless-compute", "period": period, "amount": amount, "breachAction": action}


def test_sets_each_limit_once_and_changes_it_later(cloud: LocalCloud) -> None:
    group = Workgroup(cloud, "changing")
    daily = UsageLimit(rpu_hours=20, period=Period.DAILY, breach_action=BreachAction.DEACTIVATE)
    for _ in range(2):
        assert group.set(UsageLimit(rpu_hours=200), daily) == "SUCCEEDED"
        assert group.limits() == [limit(20, "daily", "deactivate"), limit(200, "monthly", "log")]
    assert group.set(UsageLimit(rpu_hours=300, breach_action=BreachAction.EMIT_METRIC)) == "SUCCEEDED"
    assert group.limits() == [limit(20, "daily", "deactivate"), limit(300, "monthly", "emit-metric")]


def test_a_workgroup_that_is_gone_fails_the_step(cloud: LocalCloud) -> None:
    group = Workgroup(cloud, "gone")
    group.arn = group.arn.replace("workgroup/", "workgroup/not-")
    assert "RedshiftServerless.ResourceNotFoundException" in group.set(UsageLimit(rpu_hours=1))


def test_a_warehouse_without_limits_has_nothing_to_set(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="'Limit Warehouse' has nothing to set: the warehouse has no 'usage_limits'"):
        Pipeline(stack, "Pipeline", steps=[SetUsageLimits(warehouse=Warehouse(stack, "Warehouse"))])


def test_refuses_two_limits_of_one_period(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="one limit at most of a period, got 2 of 'monthly'"):
        Warehouse(stack, "Warehouse", usage_limits=[UsageLimit(rpu_hours=1), UsageLimit(rpu_hours=2)])
