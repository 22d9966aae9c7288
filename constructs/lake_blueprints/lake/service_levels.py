"""Service levels of contracts: retention, latency and frequency."""

from __future__ import annotations

import math
from datetime import timedelta

from aws_cdk import Annotations, Duration
from aws_cdk import aws_sns as sns
from constructs import IConstruct

from lake_blueprints.contracts import Dataset
from lake_blueprints.contracts.lake_checks import check_latency, in_words
from lake_blueprints.lake.dataset_resources import DatasetResources
from lake_blueprints.lake.retention import whole_days
from lake_blueprints.lake.timing import Timing, is_slower

_DAY = timedelta(days=1)
# For a run that fails and is started again the next day, while S3 looks at lifecycles once a day.
_MARGIN_DAYS = 2


def apply_retention(resources: DatasetResources, timing: Timing, *, raw_expire_after: Duration | None) -> None:
    """Apply the contract's retention to the records of a dataset, bad ones and those not delivered included.

    They stay longer where the pipeline starts so seldom that they would be gone before it reads them. Of the curated
    table the job deletes rows, and its masked copy follows.

    Raises
    ------
    ValueError
        If a rule of a zone contradicts the retention.
    """
    retention = resources.dataset.service_levels.retention
    if retention is None:
        return
    because = f"the contract of dataset '{resources.dataset.name}'"
    days = whole_days(retention)
    raw_days = max(days, math.ceil((timing.pause or timedelta()) / _DAY) + _MARGIN_DAYS)
    job, delivery = resources.job, resources.delivery
    # A shorter life of raw records is the app's decision: the table is what was promised.
    if raw_expire_after is None or raw_expire_after.to_days() >= raw_days:
        for prefix in (job.source_prefix, job.quarantine_prefix, *([delivery.error_prefix] if delivery else [])):
            resources.raw.expire(prefix, after=Duration.days(raw_days), because=because)


def add_delivery_alarms(
    scope: IConstruct, resources: DatasetResources, timing: Timing, topic: sns.ITopic, *, given: bool
) -> None:
    """Add the alarms of a dataset's delivery, with the contract's latency as their freshness.

    Parameters
    ----------
    scope: IConstruct
        Construct that receives warnings.
    resources: DatasetResources
        Resources of the dataset.
    timing: Timing
        Starts of the pipeline.
    topic: sns.ITopic
        SNS topic that receives the alarms.
    given: bool
        Whether the caller has decided when the pipeline starts; then a start that comes too late is an error, and
        otherwise, where the contracts contradict themselves, a warning.

    Raises
    ------
    ValueError
        If the delivery's buffer, or the time until the pipeline starts, is longer than the latency.
    """
    latency, name, delivery = resources.dataset.service_levels.latency, resources.dataset.name, resources.delivery
    if latency is None:
        if delivery:
            delivery.add_alarms(topic)
        return
    collected = timedelta(seconds=delivery.buffering.seconds) if delivery else timedelta()
    check_latency(resources.dataset, collected)
    pause = timing.pause
    if pause and collected + pause > latency:
        late = f"dataset '{name}' promises a latency of {in_words(latency)}, but {_wait(collected, pause)}"
        if given:
            raise ValueError(f"{late}; start it more often by 'schedule'")
        Annotations.of(scope).add_warning_v2(
            f"lake-blueprints:latency:{name}", f"{late}, as the contracts say; give it another 'schedule'"
        )
    if delivery:
        delivery.add_alarms(topic, freshness=Duration.seconds(math.ceil(latency.total_seconds())))


def check_frequency(scope: IConstruct, timing: Timing, dataset: Dataset) -> None:
    """Warn of a pipeline that starts less often than a contract says, since its caller or another contract decides."""
    if is_slower(timing, dataset):
        Annotations.of(scope).add_warning_v2(
            f"lake-blueprints:frequency:{dataset.name}",
            f"the pipeline starts by {timing.expression}, less often than the contract of dataset "
            f"'{dataset.name}' says",
        )


def _wait(collected: timedelta, pause: timedelta) -> str:
    """Return how long a record may wait, with the sum."""
    between = f"{in_words(pause)} may pass between two starts of the pipeline"
    if not collected:
        return between
    together = in_words(collected + pause)
    return f"its delivery collects records for up to {in_words(collected)}, and {between}: {together} together"
