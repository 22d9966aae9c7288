"""A model of arrival delay at the moment of departure, trained on curated flights."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.catalog import Table
from lake_blueprints.training import Channel, TrainingJob
from stacks.environment import Environment
from stacks.storage import StorageStack

# What is known when a plane has left the gate; nothing of its arrival or its time in the air.
FEATURES = (
    "dep_delay",
    "carrier",
    "origin",
    "dest",
    "hour",
    "month",
    "distance",
    "temp",
    "wind_speed",
    "precip",
    "visib",
    "pressure",
)


class MachineLearningStack(cdk.Stack):
    """The training job and its model package group."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        storage: StorageStack,
        flights: Table,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self.arrival_delay = TrainingJob(
            self,
            "ArrivalDelay",
            channels={"train": Channel(table=flights)},
            output=storage.analytics,
            hyperparameters={
                "target": "arr_delay",
                "features": ",".join(FEATURES),
                "time_column": "time_hour",
            },
            removal_policy=environment.removal_policy,
        )
        cdk.CfnOutput(self, "ModelPackageGroup", value=self.arrival_delay.model_package_group_name)
