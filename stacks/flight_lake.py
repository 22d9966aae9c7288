"""The stacks of the reference app, wired together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk

from lake_blueprints.contracts import Dataset
from stacks.environment import Environment
from stacks.ingestion import IngestionStack
from stacks.machine_learning import MachineLearningStack
from stacks.network import NetworkStack
from stacks.orchestration import OrchestrationStack
from stacks.processing import ProcessingStack
from stacks.query import QueryStack
from stacks.storage import StorageStack
from stacks.warehouse import WarehouseStack
from template_checks.core.tags import REPLACED_BY_TAGS


class FlightLake:
    """A lake of flights in one environment, one stack for each concern."""

    def __init__(self, app: cdk.App, environment: Environment, datasets: Mapping[str, Dataset]) -> None:
        def named(concern: str) -> dict[str, Any]:
            name = f"flights-{environment.name}-{concern}"
            return {"scope": app, "construct_id": name, "env": environment.target, "environment": environment}

        self.storage = StorageStack(**named("storage"), datasets=datasets)
        self.network = NetworkStack(**named("network"), key=self.storage.key)
        self.ingestion = IngestionStack(**named("ingestion"), storage=self.storage, datasets=datasets)
        self.processing = ProcessingStack(**named("processing"), storage=self.storage, datasets=datasets)
        self.query = QueryStack(**named("query"), storage=self.storage)
        self.warehouse = WarehouseStack(
            **named("warehouse"),
            key=self.storage.key,
            network=self.network.network,
            tables=self.processing.tables.values(),
        )
        self.machine_learning = MachineLearningStack(
            **named("machine-learning"),
            storage=self.storage,
            workgroup=self.query.workgroup,
            tables=self.processing.tables.values(),
        )
        self.orchestration = OrchestrationStack(
            **named("orchestration"),
            key=self.storage.key,
            topic=self.storage.topic,
            processing=self.processing,
            warehouse=self.warehouse.warehouse,
            training=self.machine_learning.steps,
        )
        tags = {"owner": environment.owner, "cost-center": environment.cost_center, "environment": environment.name}
        for key, value in tags.items():
            cdk.Tags.of(app).add(key, value, exclude_resource_types=list(REPLACED_BY_TAGS))
