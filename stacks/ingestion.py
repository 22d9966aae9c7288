"""Ingestion stack: streams where the contracts name one, delivered to the raw zone as they came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.catalog import ArrivalTime, Unpartitioned
from lake_blueprints.contracts import Dataset
from lake_blueprints.ingestion.firehose import DeliveryStream
from lake_blueprints.ingestion.kinesis import Stream
from stacks.environment import Environment
from stacks.naming import pascal
from stacks.storage import StorageStack


class IngestionStack(cdk.Stack):
    """Stream and delivery of each dataset that is streamed; the tables over what has arrived."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        storage: StorageStack,
        datasets: Mapping[str, Dataset],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        for dataset in datasets.values():
            streamed = any(placement.type == "kinesis" for placement in dataset.placements)
            layout = ArrivalTime() if streamed else Unpartitioned()
            storage.raw_database.add_table(dataset, format=dataset.format, layout=layout)
            if streamed:
                self._define_stream(dataset, environment, storage)

    def _define_stream(self, dataset: Dataset, environment: Environment, storage: StorageStack) -> None:
        name = pascal(dataset.name)
        stream = Stream(
            self,
            f"{name}Stream",
            encryption_key=storage.key,
            shards=environment.shards,
            retention=cdk.Duration.days(environment.stream_retention_days),
            alarm_topic=storage.topic,
            removal_policy=environment.removal_policy,
        )
        DeliveryStream(
            self,
            f"{name}Delivery",
            dataset=dataset,
            source=stream,
            zone=storage.raw,
            layout=ArrivalTime(),
            alarm_topic=storage.topic,
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        cdk.CfnOutput(self, f"{name}StreamName", value=stream.stream.stream_name)
