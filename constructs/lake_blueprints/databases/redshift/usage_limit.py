"""Usage limits by day, week or month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lake_blueprints.foundation.arguments import checked
from template_checks.limits import redshift as limits


class Period(StrEnum):
    """Period of a usage limit; weeks begin on Sunday."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class BreachAction(StrEnum):
    """Action when a usage limit is reached."""

    LOG = "log"
    EMIT_METRIC = "emit-metric"
    DEACTIVATE = "deactivate"


@checked
@dataclass(frozen=True, kw_only=True)
class UsageLimit:
    """A limit on what a serverless warehouse computes in a period, and so on what it costs.

    Parameters
    ----------
    rpu_hours: int
        Compute in RPU-hours, at least 1.
    period: Period
        What it is counted over. By default a month.
    breach_action: BreachAction
        What happens when it is reached. By default an entry in a log.

    Raises
    ------
    ValueError
        If the amount is not positive.

    Notes
    -----
    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateUsageLimit.html

    Example
    -------
        >>> UsageLimit(rpu_hours=200, breach_action=BreachAction.DEACTIVATE)
    """

    rpu_hours: int
    period: Period = Period.MONTHLY
    breach_action: BreachAction = BreachAction.LOG

    def __post_init__(self) -> None:
        if self.rpu_hours < 1:
            raise ValueError(f"'rpu_hours' must be at least 1, got {self.rpu_hours}")

    def render(self, workgroup_arn: str) -> dict[str, Any]:
        """Return the parameters of CreateUsageLimit for a workgroup, as Step Functions spells them."""
        return {
            "ResourceArn": workgroup_arn,
            "UsageType": "serverless-compute",
            "Amount": self.rpu_hours,
            "Period": self.period.value,
            "BreachAction": self.breach_action.value,
        }


def check_periods(limits: Sequence[UsageLimit]) -> None:
    """Refuse two limits of one period.

    Raises
    ------
    ValueError
        If there are some.
    """
    periods = [limit.period for limit in limits]
    if twice := [period for period in periods if periods.count(period) > 1]:
        raise ValueError(f"'usage_limits' must have one limit at most of a period, got {len(twice)} of '{twice[0]}'")


class ClusterFeature(StrEnum):
    """Feature of a cluster that AWS bills beside its nodes."""

    SPECTRUM = "spectrum"
    CONCURRENCY_SCALING = "concurrency-scaling"
    CROSS_REGION_DATASHARING = "cross-region-datasharing"


@checked
@dataclass(frozen=True, kw_only=True)
class ClusterUsageLimit:
    """A limit on what a feature of a cluster does in a period, and so on what it costs beside the nodes.

    Parameters
    ----------
    feature: ClusterFeature
        What is counted.
    amount: int
        Minutes of concurrency scaling, or terabytes that the others read, at least 1.
    period: Period
        What it is counted over. By default a month.
    breach_action: BreachAction
        What happens when it is reached; `DEACTIVATE` disables the feature until the period ends. By default an entry
        in a log.

    Raises
    ------
    ValueError
        If the amount is not positive.

    Notes
    -----
    https://docs.aws.amazon.com/redshift/latest/mgmt/managing-cluster-usage-limits.html

    Example
    -------
        >>> ClusterUsageLimit(feature=ClusterFeature.SPECTRUM, amount=5, breach_action=BreachAction.DEACTIVATE)
    """

    feature: ClusterFeature
    amount: int
    period: Period = Period.MONTHLY
    breach_action: BreachAction = BreachAction.LOG

    def __post_init__(self) -> None:
        limits.USAGE.check("amount", self.amount)

    def render(self) -> dict[str, Any]:
        """Return the options of a `CfnUsageLimit`."""
        by_time = self.feature is ClusterFeature.CONCURRENCY_SCALING
        return {
            "feature_type": self.feature.value,
            "limit_type": "time" if by_time else "data-scanned",
            "amount": self.amount,
            "period": self.period.value,
            "breach_action": "disable" if self.breach_action is BreachAction.DEACTIVATE else self.breach_action.value,
        }
