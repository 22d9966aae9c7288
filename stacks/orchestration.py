"""The state machine that takes the lake from raw data to a registered model."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.orchestration import Crawl, Curate, Evaluate, Load, Pipeline, Query, Register, Together, Train
from lake_blueprints.training import TrainingJob
from lake_blueprints.warehouse import Warehouse
from stacks.environment import Environment
from stacks.processing import ProcessingStack
from stacks.query import QueryStack


class OrchestrationStack(cdk.Stack):
    """Crawl and curate, repair, evaluate, load, train, register; by schedule where the environment has one."""

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
        training: TrainingJob,
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        flights = processing.flights
        repair = Query(
            name="Repair partitions",
            workgroup=query.workgroup,
            # Finds the partitions of files that somebody copied into the table by hand.
            sql=f"MSCK REPAIR TABLE {flights.table_name}",
            database=flights.database.database_name,
            reads=[flights],
            writes=[flights],
        )
        self.pipeline = Pipeline(
            self,
            "Pipeline",
            steps=[
                Together(branches=[Crawl(crawler=processing.crawler), Curate(job=processing.curate_weather)]),
                Curate(job=processing.curate_flights),
                repair,
                Together(branches=[Evaluate(ruleset=ruleset) for ruleset in processing.rulesets], name="Evaluate"),
                Load(warehouse=warehouse),
                Train(job=training),
                Register(job=training),
            ],
            schedule=events.Schedule.expression(environment.schedule) if environment.schedule else None,
            poll_interval=cdk.Duration.seconds(environment.poll_seconds),
            encryption_key=key,
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        cdk.CfnOutput(self, "StateMachineArn", value=self.pipeline.state_machine.state_machine_arn)
        cdk.CfnOutput(self, "TopicArn", value=self.pipeline.topic.topic_arn)
