"""Figures of windows as metrics: as they are put, and as alarms look for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from lake_sinks.metrics import MOST_DATA, Metrics

from local_cloud.cloud import LocalCloud

START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)


def window(device: str, minute: int, **figures: Any) -> dict[str, Any]:
    start = START + timedelta(minutes=minute)
    return {"device": device, "window_start": start.isoformat(timespec="microseconds"), **figures}


def put(cloud: LocalCloud, namespace: str, *rows: dict[str, Any]) -> None:
    units = {"readings": "Count", "mean": "None"}
    client = cloud.client("cloudwatch")
    Metrics(client=client, namespace=namespace, keys=["device"], units=units).put(rows)


def values(cloud: LocalCloud, namespace: str, metric: str, device: str, unit: str) -> list[tuple[datetime, float]]:
    found = cloud.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": "device", "Value": device}],
        StartTime=START,
        EndTime=START + timedelta(hours=1),
        Period=60,
        Statistics=["Average"],
        Unit=unit,
    )
    return sorted((one["Timestamp"], one["Average"]) for one in found["Datapoints"])


def test_each_figure_is_a_metric_of_its_keys_at_the_begin_of_its_window(cloud: LocalCloud) -> None:
    put(
        cloud, "Figures", window("A", 0, readings=3, mean=Decimal("20.5")), window("B", 1, readings=1, mean=Decimal(-1))
    )
    assert values(cloud, "Figures", "mean", "A", "None") == [(START, 20.5)]
    assert values(cloud, "Figures", "readings", "A", "Count") == [(START, 3)]
    assert values(cloud, "Figures", "mean", "B", "None") == [(START + timedelta(minutes=1), -1)]
    assert values(cloud, "Figures", "mean", "B", "Count") == []


def test_a_window_without_values_has_no_mean(cloud: LocalCloud) -> None:
    put(cloud, "Empty", window("A", 0, readings=0))
    assert {one["MetricName"] for one in cloud.client("cloudwatch").list_metrics(Namespace="Empty")["Metrics"]} == {
        "readings"
    }


def test_a_batch_that_comes_twice_does_not_change_the_average(cloud: LocalCloud) -> None:
    for _ in range(2):
        put(cloud, "Twice", window("A", 0, mean=Decimal(7)), window("A", 1, mean=Decimal(9)))
    assert [value for _, value in values(cloud, "Twice", "mean", "A", "None")] == [7, 9]


def test_a_large_batch_is_put_in_requests_that_cloudwatch_takes(cloud: LocalCloud) -> None:
    put(cloud, "Large", *(window(f"D{number}", 0, readings=1, mean=Decimal(1)) for number in range(MOST_DATA)))
    pages = cloud.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace="Large")
    assert sum(len(page["Metrics"]) for page in pages) == 2 * MOST_DATA
