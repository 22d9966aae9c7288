"""Declarations of the roles of a construct: the one place where the suite reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.analytics.quality import QualityRuleset
from lake_blueprints.analytics.quality.calls import ruleset_calls
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.databases.redshift.calls import flow_log_calls, warehouse_calls
from lake_blueprints.foundation.access.declared import Declared
from lake_blueprints.foundation.network import LakeNetwork
from lake_blueprints.ingestion.crawler import Crawler
from lake_blueprints.ingestion.crawler.calls import crawler_calls
from lake_blueprints.ingestion.firehose import DeliveryStream
from lake_blueprints.ingestion.firehose.calls import delivery_calls
from lake_blueprints.machine_learning.training import TrainingJob
from lake_blueprints.machine_learning.training.calls import training_job_calls
from lake_blueprints.orchestration import Pipeline
from lake_blueprints.orchestration.calls import pipeline_calls, trigger_calls
from lake_blueprints.processing.curation import CurationJob
from lake_blueprints.processing.curation.calls import curation_job_calls


def _pipeline(pipeline: Pipeline) -> Iterator[Declared]:
    yield pipeline_calls(pipeline)
    if starter := pipeline.node.try_find_child("Starter"):
        yield trigger_calls(pipeline, cast(iam.Role, starter))


_OF_ROLES: dict[type[Any], Callable[[Any], Iterator[Declared]]] = {
    Crawler: lambda crawler: iter([crawler_calls(crawler, "ref_one")]),
    CurationJob: lambda job: iter([curation_job_calls(job)]),
    DeliveryStream: lambda delivery: iter([delivery_calls(delivery)]),
    LakeNetwork: lambda network: iter([flow_log_calls(network)]),
    Pipeline: _pipeline,
    QualityRuleset: lambda ruleset: iter([ruleset_calls(ruleset)]),
    TrainingJob: lambda job: iter([training_job_calls(job)]),
    Warehouse: lambda warehouse: iter([warehouse_calls(warehouse)]),
}


def declared(construct: Construct) -> Iterator[Declared]:
    """Yield what is declared for each role that a construct and its parts define."""
    for part in construct.node.find_all():
        yield from _OF_ROLES.get(type(part), lambda _: iter(()))(part)
