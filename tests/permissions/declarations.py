"""Everything that is declared for a sample lake, and the stack in which it happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from lake_blueprints.analytics.quality.calls import ruleset_calls
from lake_blueprints.catalog.calls import location_calls
from lake_blueprints.databases.redshift.calls import flow_log_calls, warehouse_calls
from lake_blueprints.foundation.access.declared import Declared
from lake_blueprints.foundation.alarms.calls import alarm_calls
from lake_blueprints.foundation.encryption.calls import inventory_calls, log_group_calls, service_calls
from lake_blueprints.ingestion.crawler.calls import crawler_calls
from lake_blueprints.ingestion.firehose.calls import delivery_calls
from lake_blueprints.machine_learning.training.calls import training_job_calls
from lake_blueprints.orchestration.calls import pipeline_calls, trigger_calls, undelivered_calls
from lake_blueprints.processing.curation.calls import curation_job_calls
from lake_blueprints.storage.s3.calls import access_log_calls
from tests.permissions.lakes import SampleLake


def of_roles(lake: SampleLake) -> Iterator[Declared]:
    """Yield what services do under each role of a lake."""
    starter = lake.pipeline.node.find_child("Starter")
    location = lake.governed.node.find_child("LakeFormation").node.find_child("Role")
    yield curation_job_calls(lake.job)
    yield curation_job_calls(lake.masking_job)
    yield crawler_calls(lake.crawler, "found_one", "found_two")
    yield crawler_calls(lake.deleting_crawler, "gone_one")
    yield delivery_calls(lake.delivery)
    yield delivery_calls(lake.direct)
    yield delivery_calls(lake.converting)
    yield training_job_calls(lake.training)
    yield training_job_calls(lake.spot_training)
    yield warehouse_calls(lake.warehouse)
    yield flow_log_calls(lake.network)
    yield ruleset_calls(lake.ruleset)
    yield pipeline_calls(lake.pipeline)
    yield pipeline_calls(lake.outer_pipeline)
    yield trigger_calls(lake.pipeline, cast(iam.Role, starter))
    yield location_calls(lake.governed, cast(iam.Role, location))


def of_services(lake: SampleLake) -> Iterator[tuple[Declared, cdk.Stack]]:
    """Yield what services do under their own names, and where."""
    yield access_log_calls(lake.access_logs), lake.data
    for key in (lake.key, lake.every_key, lake.inventory_key):
        yield log_group_calls(key), lake.data
    for declared in service_calls(lake.every_key):
        yield declared, lake.data
    yield inventory_calls(lake.inventory_key), lake.data
    for topic in (lake.pipeline.topic, lake.outer_pipeline.topic, lake.topic):
        yield alarm_calls(topic), lake.work
    queue, rule = (lake.pipeline.node.find_child(name) for name in ("Undelivered", "Schedule"))
    yield undelivered_calls(lake.pipeline, cast(sqs.Queue, queue), cast(events.Rule, rule)), lake.work
