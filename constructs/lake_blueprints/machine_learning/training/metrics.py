"""Numbers that SageMaker reads from what a training script prints."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked

_NUMBER = r"([-+0-9.eE]+)"


@checked
@dataclass(frozen=True, kw_only=True)
class MetricDefinition:
    """A metric, and where it is found in the output.

    Parameters
    ----------
    name: str
        Name of the metric, 1 to 255 characters.
    regex: str
        Expression whose only group is the value, 1 to 500 characters: `rmse=([0-9.]+)`.

    Raises
    ------
    ValueError
        If a text is empty or too long, or the expression has not exactly one group.
    """

    name: str
    regex: str

    def __post_init__(self) -> None:
        for what, text, most in (("name", self.name, 255), ("regex", self.regex, 500)):
            if not 1 <= len(text) <= most:
                raise ValueError(f"'{what}' must have 1 to {most} characters, got {len(text)}")
        try:
            groups = re.compile(self.regex).groups
        except re.error as error:
            raise ValueError(f"'regex' of metric '{self.name}' is not a regular expression: {error}") from error
        if groups != 1:
            raise ValueError(f"'regex' of metric '{self.name}' must have one group, the value, got {groups}")


# What the shipped script prints.
SHIPPED_METRICS = tuple(
    MetricDefinition(name=name, regex=f"{name}={_NUMBER}")
    for name in ("holdout_rmse", "holdout_mae", "holdout_r2", "baseline_rmse", "baseline_mae", "baseline_median_mae")
)
