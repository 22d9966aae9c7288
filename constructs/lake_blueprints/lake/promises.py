"""What contracts promise about time: kept by a lake, or refused in the words of whoever made the promise."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from aws_cdk import Annotations, Duration

from lake_blueprints.contracts import Dataset
from lake_blueprints.lake.timing import is_slower

if TYPE_CHECKING:
    from lake_blueprints.lake.data_lake import DataLake

_DAY = timedelta(days=1)
# For a run that fails and is started again the next day, while S3 looks at lifecycles once a day.
_MARGIN_DAYS = 2


def keep_retention(lake: DataLake, dataset: Dataset, *, raw_expire_after: Duration | None) -> None:
    """Let what a dataset has anywhere in the lake expire at the age that its contract says.

    Records, bad ones and those that could not be delivered included, the curated table and its masked copy. Records
    stay longer where the pipeline starts so seldom that they would be gone before it reads them. What has been loaded
    elsewhere, into a warehouse for instance, is not the zones' to delete.

    Raises
    ------
    ValueError
        If a rule of a zone contradicts the promise.
    """
    retention = dataset.service_levels.retention
    if retention is None:
        return
    because, name = f"the contract of dataset '{dataset.name}'", dataset.name
    # S3 counts whole days; never less than promised.
    days = max(1, math.ceil(retention / _DAY))
    raw_days = max(days, math.ceil((lake.timing.pause or timedelta()) / _DAY) + _MARGIN_DAYS)
    job, delivery = lake.jobs[name], lake.deliveries.get(name)
    # A shorter life of raw records is the app's decision: the table is what was promised.
    if raw_expire_after is None or raw_expire_after.to_days() >= raw_days:
        for prefix in (job.source_prefix, job.quarantine_prefix, *([delivery.error_prefix] if delivery else [])):
            lake.raw.expire(prefix, after=Duration.days(raw_days), because=because)
    for table in (lake.tables[name], lake.masked.get(name)):
        if table:
            table.zone.expire(table.prefix, after=Duration.days(days), because=because)


def keep_latency(lake: DataLake, dataset: Dataset, *, given: bool) -> None:
    """Let alarms go off when a dataset is not delivered: when records are older than its contract says, above all.

    Parameters
    ----------
    given: bool
        Whether the caller has decided when the pipeline starts; then a start that comes too late is an error, and
        otherwise, where the contracts contradict themselves, a warning.

    Raises
    ------
    ValueError
        If the delivery's buffer, or the time until the pipeline starts, is longer than promised.
    """
    latency, name = dataset.service_levels.latency, dataset.name
    delivery = lake.deliveries.get(name)
    if latency is None:
        if delivery:
            delivery.add_alarms(lake.topic)
        return
    collected = timedelta(seconds=delivery.buffer.seconds) if delivery else timedelta()
    promise = f"dataset '{name}' promises a latency of {_words(latency)}"
    if delivery and collected >= latency:
        seconds = int(latency.total_seconds() // 2)
        raise ValueError(
            f"{promise}, but its delivery collects records for up to {_words(collected)}; let it collect less: "
            f"buffers={{'{name}': Buffer(interval=Duration.seconds({seconds}))}}"
        )
    pause = lake.timing.pause
    if pause and collected + pause > latency:
        late = f"{promise}, but {_words(pause)} may pass between two starts of the pipeline"
        if given:
            raise ValueError(f"{late}; start it more often by 'schedule'")
        Annotations.of(lake).add_warning_v2(
            f"lake-blueprints:latency:{name}", f"{late}, as the contracts say; give it another 'schedule'"
        )
    if delivery:
        delivery.add_alarms(lake.topic, freshness=Duration.seconds(math.ceil(latency.total_seconds())))


def check_frequency(lake: DataLake, dataset: Dataset) -> None:
    """Warn of a pipeline that starts less often than a contract says, since its caller or another contract decides."""
    if is_slower(lake.timing, dataset):
        Annotations.of(lake).add_warning_v2(
            f"lake-blueprints:frequency:{dataset.name}",
            f"the pipeline starts by {lake.timing.expression}, less often than the contract of dataset "
            f"'{dataset.name}' says",
        )


def _words(time: timedelta) -> str:
    for unit, size in (("day", _DAY), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if time >= size and not time % size:
            return f"{time // size} {unit}{'s' if time // size > 1 else ''}"
    return f"{time.total_seconds():g} seconds"
