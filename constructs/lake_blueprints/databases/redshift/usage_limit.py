"""Usage limits of Redshift Serverless by day, week or month."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lake_blueprints.foundation.arguments import checked


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
    """A limit on what a warehouse computes in a period, and so on what it costs.

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
