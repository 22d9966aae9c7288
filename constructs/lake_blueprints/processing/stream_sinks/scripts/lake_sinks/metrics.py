"""Figures of windows as metrics of CloudWatch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3

from lake_sinks.batches import Row, read_batch
from lake_sinks.dataset import Dataset
from lake_sinks.texts import shown

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
MOST_DATA = 1_000
_TIME = "window_start"


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Put the figures of a batch of windows; a batch may come twice."""
    batch = read_batch(event, _dataset())
    _metrics().put(batch.rows)
    return batch.answer


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Metrics of one namespace.

    Parameters
    ----------
    client: client
        Client of CloudWatch.
    namespace: str
        The namespace.
    keys: sequence of str
        Columns that are the dimensions.
    units: Mapping of str to str
        Columns that are the metrics, with their units.
    """

    client: Any
    namespace: str
    keys: Sequence[str]
    units: Mapping[str, str]

    def put(self, rows: Sequence[Row]) -> None:
        """Put the figures of windows; what CloudWatch refuses is raised, so that Lambda finds the record."""
        data = [datum for row in rows for datum in self._data(row)]
        for first in range(0, len(data), MOST_DATA):
            self.client.put_metric_data(Namespace=self.namespace, MetricData=data[first : first + MOST_DATA])

    def _data(self, row: Row) -> Iterator[dict[str, Any]]:
        dimensions = [{"Name": key, "Value": shown(row[key])} for key in self.keys]
        for name, unit in self.units.items():
            # A window without values has no mean.
            if name in row:
                yield {
                    "MetricName": name,
                    "Dimensions": dimensions,
                    "Timestamp": row[_TIME],
                    "Value": float(row[name]),
                    "Unit": unit,
                }


@cache
def _dataset() -> Dataset:
    return Dataset.load()


@cache
def _metrics() -> Metrics:
    return Metrics(
        client=boto3.client("cloudwatch"),
        namespace=os.environ["NAMESPACE"],
        keys=[key for key in os.environ["KEYS"].split(",") if key],
        units=json.loads(os.environ["UNITS"]),
    )
