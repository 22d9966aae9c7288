"""Limits of AWS services as data, for rules over templates and for the eager errors of constructs."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

# The CDK writes a number that is known at deployment only as one of these or below: their first bits are its mark.
# https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/private/encoding.ts
_LARGEST_TOKEN = -1.8e289


@dataclass(frozen=True)
class Span:
    """Numbers from a least to a most one, both included, in steps if there are some; by default without a most."""

    least: float
    most: float = inf
    step: float | None = None

    def __contains__(self, value: float) -> bool:
        in_range = self.least <= value <= self.most
        return in_range and (self.step is None or (value - self.least) % self.step == 0)

    def __str__(self) -> str:
        if self.least == self.most:
            return f"{self.least:.10g}"
        if self.most == inf:
            return f"at least {self.least:.10g}"
        steps = "" if self.step in (None, 1) else f" in steps of {self.step:.10g}"
        return f"{self.least:.10g} to {self.most:.10g}{steps}"


class Limit:
    """The numbers that AWS takes for a property.

    Parameters
    ----------
    resource_type: str
        CloudFormation's name of the resource type.
    path: str
        Path of the property below `Properties`.
    spans: Span
        The numbers, at least one span.
    unit: str
        Unit of the numbers. By default they have none.
    source: str
        Page of AWS that documents them.

    Example
    -------
        >>> timeout = Limit("AWS::Glue::Job", "Timeout", Span(1, 10079), unit="minutes", source="https://...")
        >>> timeout.check("timeout", 10080)
        Traceback (most recent call last):
        ...
        ValueError: 'timeout' must be 1 to 10079 minutes, got 10080 minutes
    """

    def __init__(self, resource_type: str, path: str, *spans: Span, unit: str = "", source: str) -> None:
        self.resource_type = resource_type
        self.path = path
        self.spans = spans
        self.unit = unit
        self.source = source

    def __contains__(self, value: float) -> bool:
        return any(value in span for span in self.spans)

    def __str__(self) -> str:
        *first, last = map(str, self.spans)
        return f"{', '.join(first)}{' or ' if first else ''}{last}{self._in_units}"

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the most number."""
        return self.spans[0].least, self.spans[-1].most

    def check(self, option: str, value: float) -> None:
        """Refuse a value of an option that AWS would refuse; one that is known at deployment only is not judged.

        Raises
        ------
        ValueError
            With the option, the allowed values and the value.
        """
        if value not in self and value > _LARGEST_TOKEN:
            raise ValueError(f"'{option}' must be {self}, got {value:.10g}{self._in_units}")

    @property
    def _in_units(self) -> str:
        return f" {self.unit}" if self.unit else ""
