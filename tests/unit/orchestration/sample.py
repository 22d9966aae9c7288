"""Sample of a pipeline."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_events as events
from constructs import Construct

from lake_blueprints.analytics.athena import Query, Workgroup
from lake_blueprints.orchestration import Pipeline
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample


def build(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> Pipeline:
    workgroup = Workgroup(scope, f"{name}Queries", encryption_key=lake.key, access_logs=lake.access_logs)
    query = Query(workgroup=workgroup, sql="SELECT 1", database=lake.database.database_name, name="Ask")
    schedule = events.Schedule.cron(hour="3", minute="0")
    return Pipeline(scope, name, **{"steps": [query], "schedule": schedule, **options})


SAMPLE = Sample(construct=Pipeline, build=build)
