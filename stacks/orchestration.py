"""The state machine that takes the lake from raw data to registered models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.catalog import Table
from lake_blueprints.orchestration import Crawl, Curate, Load, Pipeline, Query, Register, Step, Together, Train
from lake_blueprints.training import TrainingJob
from lake_blueprints.warehouse import Warehouse
from stacks.environment import Environment
from stacks.processing import ProcessingStack
from stacks.query import QueryStack


class OrchestrationStack(cdk.Stack):
    """Crawl and curate, repair, load, train, register; by schedule where the environment has one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        key: kms.IKey,
        processing: ProcessingStack,
        query: QueryStack,
        warehouse: Warehouse,
        training: Sequence[TrainingJob],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        first, *later = ([Curate(job=job) for job in wave] for wave in processing.waves)
        steps: list[Step] = [Together(branches=[Crawl(crawler=processing.crawler), *first])]
        steps += [Together(branches=wave, name=f"Wave {number}") for number, wave in enumerate(later, start=2)]
        steps += [self._repair(table, query) for table in processing.tables.values() if table.dataset.partition_keys]
        steps.append(Load(warehouse=warehouse))
        steps += [step for job in training for step in (Train(job=job), Register(job=job))]
        self.pipeline = Pipeline(
            self,
            "Pipeline",
            steps=steps,
            schedule=events.Schedule.expression(environment.schedule) if environment.schedule else None,
            poll_interval=cdk.Duration.seconds(environment.poll_seconds),
            encryption_key=key,
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        cdk.CfnOutput(self, "StateMachineArn", value=self.pipeline.state_machine.state_machine_arn)
        cdk.CfnOutput(self, "TopicArn", value=self.pipeline.topic.topic_arn)

    def _repair(self, table: Table, query: QueryStack) -> Query:
        """Return the step that finds the partitions of files that somebody copied into a table by hand."""
        return Query(
            name=f"Repair {table.table_name}",
            workgroup=query.workgroup,
            sql=f"MSCK REPAIR TABLE {table.table_name}",
            database=table.database.database_name,
            reads=[table],
            writes=[table],
        )
