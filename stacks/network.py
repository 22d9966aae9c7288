"""The network of the warehouse and of training."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.network import LakeNetwork
from stacks.environment import Environment


class NetworkStack(cdk.Stack):
    """Isolated subnets that reach S3 and nothing else; free when idle."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, key: kms.IKey, **options: Any
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self.network = LakeNetwork(
            self,
            "Network",
            az_count=environment.az_count,
            availability_zones=environment.availability_zones,
            encryption_key=key,
            flow_log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
