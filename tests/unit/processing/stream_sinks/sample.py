"""Samples of the functions that hand on the records of a stream."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from constructs import Construct

from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.processing.stream_sinks import CacheTarget, NewestRecords, StreamAlerts, StreamMetrics
from template_checks.limits import lambda_functions as limits
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample
from tests.unit.processing.streaming.sample import MINUTES, plan


def newest(lake: Fixtures, **options: Any) -> dict[str, Any]:
    common = {"stream": lake.stream, "dataset": lake.dataset, "event_time": "delay", "errors": lake.raw}
    target = ServingTable(lake.scope, lake.unique("Serving"), dataset=lake.dataset, encryption_key=lake.key)
    return {**common, "target": target, "alarm_topic": lake.topic, **options}


def cached(lake: Fixtures) -> CacheTarget:
    cache = ServerlessCache(lake.scope, lake.unique("State"), network=lake.network, encryption_key=lake.key)
    return CacheTarget(cache=cache, keys=["carrier"])


def alerts(lake: Fixtures, **options: Any) -> dict[str, Any]:
    common = {"stream": lake.stream, "dataset": lake.dataset, "about": ["carrier"], "errors": lake.raw}
    return {**common, "headline": "{carrier} is {delay} minutes late", "topic": lake.topic, **options}


NEWEST = Sample(
    construct=NewestRecords,
    options=newest,
    limits={
        "batch_size": Limited(limit=limits.BATCH_SIZE, options=lambda _, n: {"batch_size": int(n)}),
        "batching_window": Limited(
            limit=limits.BATCHING_WINDOW, options=lambda _, n: {"batching_window": Duration.seconds(n)}
        ),
        "parallel_batches": Limited(limit=limits.PARALLEL_BATCHES, options=lambda _, n: {"parallel_batches": int(n)}),
        "retries": Limited(limit=limits.RETRIES, options=lambda _, n: {"retries": int(n)}),
        "memory": Limited(limit=limits.MEMORY, options=lambda _, n: {"memory": int(n)}),
        "timeout": Limited(limit=limits.TIMEOUT, options=lambda _, n: {"timeout": Duration.seconds(n)}),
    },
)
CACHED = Sample(construct=NewestRecords, variant="in a cache", options=lambda lake: newest(lake, target=cached(lake)))
ALERTS = Sample(construct=StreamAlerts, options=alerts)
EVENTS = Sample(
    construct=StreamAlerts,
    variant="events",
    options=lambda lake: alerts(lake, topic=None, bus=events.EventBus(lake.scope, lake.unique("Bus"))),
)


def metrics(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> StreamMetrics:
    """Define metrics with both kinds of alarms."""
    made = StreamMetrics(scope, name, plan=plan(lake), aggregates=MINUTES, errors=lake.raw, **options)
    made.add_alarm("Unusual", measure="mean_c", of={"sensor": "S1"}, topic=lake.topic)
    made.add_alarm("Hot", measure="mean_c", of={"sensor": "S1"}, topic=lake.topic, threshold=60)
    return made


METRICS = Sample(construct=StreamMetrics, build=metrics, options=lambda lake: {"alarm_topic": lake.topic})
