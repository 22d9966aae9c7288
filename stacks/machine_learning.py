"""Models, trained on the curated datasets whose contracts say what is to be predicted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.catalog import Table
from lake_blueprints.machine_learning.training import InputChannel, TrainingJob, hyperparameters_from_tags
from stacks.environment import Environment
from stacks.naming import pascal
from stacks.storage import StorageStack


class MachineLearningStack(cdk.Stack):
    """The training jobs and their model package groups."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        storage: StorageStack,
        tables: Iterable[Table],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        self.jobs: list[TrainingJob] = []
        for table in tables:
            task = hyperparameters_from_tags(table.dataset)
            if task is None:
                continue
            name = pascal(table.dataset.name)
            job = TrainingJob(
                self,
                f"{name}Model",
                channels={"train": InputChannel(table=table)},
                output=storage.analytics,
                output_prefix=f"models/{table.dataset.name}/",
                hyperparameters=task,
                removal_policy=environment.removal_policy,
            )
            self.jobs.append(job)
            cdk.CfnOutput(self, f"{name}ModelPackageGroup", value=job.model_package_group_name)
