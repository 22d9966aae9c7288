"""Models, trained on snapshots of the curated datasets whose contracts say what is to be predicted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.analytics.athena import Export, Workgroup
from lake_blueprints.catalog.iceberg import IcebergTable
from lake_blueprints.machine_learning.training import (
    InputChannel,
    Register,
    Train,
    TrainingJob,
    hyperparameters_from_tags,
)
from lake_blueprints.orchestration import Step
from stacks.environment import Environment
from stacks.naming import pascal
from stacks.storage import StorageStack


class MachineLearningStack(cdk.Stack):
    """The training jobs and their model package groups, and the steps that run them."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        storage: StorageStack,
        workgroup: Workgroup,
        tables: Iterable[IcebergTable],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self.steps: list[Step] = []
        for table in tables:
            task = hyperparameters_from_tags(table.dataset)
            if task is None:
                continue
            name = pascal(table.dataset.name)
            # Files that no later commit changes; the model says of which snapshot it was made.
            export = Export(
                workgroup=workgroup, table=table, zone=storage.analytics, prefix=f"exports/{table.dataset.name}/"
            )
            job = TrainingJob(
                self,
                f"{name}Model",
                channels={"train": InputChannel(export=export)},
                output=storage.analytics,
                output_prefix=f"models/{table.dataset.name}/",
                hyperparameters=task,
                removal_policy=environment.removal_policy,
            )
            self.steps += [export, Train(job=job), Register(job=job)]
            cdk.CfnOutput(self, f"{name}ModelPackageGroup", value=job.model_package_group_name)
