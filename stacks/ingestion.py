"""How flights arrive: a stream, delivered to the raw zone as it came."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from lake_blueprints.catalog import ArrivalTime, Unpartitioned
from lake_blueprints.contracts import Dataset
from lake_blueprints.streaming import Delivery, Stream
from stacks.environment import Environment
from stacks.storage import StorageStack


class IngestionStack(cdk.Stack):
    """Stream and delivery of flights; the tables over what has arrived."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        storage: StorageStack,
        flights: Dataset,
        weather: Dataset,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        layout = ArrivalTime()
        self.stream = Stream(
            self,
            "Stream",
            encryption_key=storage.key,
            shards=environment.shards,
            removal_policy=environment.removal_policy,
        )
        self.delivery = Delivery(
            self,
            "Delivery",
            dataset=flights,
            source=self.stream,
            zone=storage.raw,
            layout=layout,
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        storage.raw_database.add_table(flights, format=flights.format, layout=layout)
        storage.raw_database.add_table(weather, format=weather.format, layout=Unpartitioned())

        cdk.CfnOutput(self, "StreamName", value=self.stream.stream.stream_name)
