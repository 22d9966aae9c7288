"""Query stack: the Athena workgroup of analysts."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.analytics.athena import Workgroup
from stacks.environment import Environment
from stacks.storage import StorageStack


class QueryStack(cdk.Stack):
    """An Athena workgroup."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, storage: StorageStack, **options: Any
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self.workgroup = Workgroup(
            self,
            "Workgroup",
            encryption_key=storage.key,
            access_logs=storage.raw.access_logs,
            removal_policy=environment.removal_policy,
        )
        cdk.CfnOutput(self, "WorkgroupName", value=self.workgroup.workgroup_name)
