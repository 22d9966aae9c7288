"""The state machine that takes the lake from raw data to registered models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.analytics.quality import Evaluate
from lake_blueprints.databases.redshift import Load, Warehouse
from lake_blueprints.ingestion.crawler import Crawl
from lake_blueprints.orchestration import Parallel, Pipeline, Step
from lake_blueprints.processing.curation import Curate
from stacks.environment import Environment
from stacks.processing import ProcessingStack


class OrchestrationStack(cdk.Stack):
    """Crawl and curate, evaluate, load, export, train, register; by schedule where the environment has one."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        key: kms.IKey,
        topic: sns.ITopic,
        processing: ProcessingStack,
        warehouse: Warehouse,
        training: Sequence[Step],
        **options: Any,
    ) -> None:
        super().__init__(scope, construct_id, **options)
        first, *later = ([Curate(job=job) for job in wave] for wave in processing.waves)
        steps: list[Step] = [Parallel(branches=[Crawl(crawler=processing.crawler), *first])]
        steps += [Parallel(branches=wave, name=f"Wave {number}") for number, wave in enumerate(later, start=2)]
        if processing.rulesets:
            branches = [Evaluate(ruleset=ruleset) for ruleset in processing.rulesets]
            steps.append(Parallel(branches=branches, name="Evaluate"))
        steps += [Load(warehouse=warehouse), *training]
        self.pipeline = Pipeline(
            self,
            "Pipeline",
            steps=steps,
            schedule=events.Schedule.expression(environment.schedule) if environment.schedule else None,
            poll_interval=cdk.Duration.seconds(environment.poll_seconds),
            topic=topic,
            encryption_key=key,
            log_retention=environment.log_retention,
            removal_policy=environment.removal_policy,
        )
        cdk.CfnOutput(self, "StateMachineArn", value=self.pipeline.state_machine.state_machine_arn)
