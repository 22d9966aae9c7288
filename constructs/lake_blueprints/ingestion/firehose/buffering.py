"""Buffer size and interval of a delivery stream."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, Size

from template_checks.core.limit import Limit
from template_checks.limits import firehose as limits


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """Buffer of a delivery stream: size and interval.

    Parameters
    ----------
    size: Size, optional
        1 to 128 MiB; at least 64 MiB with conversion to Parquet or layout by partition keys. By default 128 MiB:
        queries read few large files faster than many small ones.
    interval: Duration, optional
        0 to 900 seconds; at least 60 seconds with layout by partition keys. By default 300 seconds.

    Raises
    ------
    ValueError
        If Firehose would take neither value at all.

    Example
    -------
        >>> buffer = Buffer(size=Size.mebibytes(64), interval=Duration.seconds(60))
    """

    size: Size | None = None
    interval: Duration | None = None

    @property
    def megabytes(self) -> float:
        """The size in MiB."""
        return self.size.to_mebibytes() if self.size else limits.BUFFER_SIZE.ends[1]

    @property
    def seconds(self) -> float:
        """The interval in seconds."""
        return self.interval.to_seconds() if self.interval else 300

    def check(self, *, converted: bool, dynamic: bool) -> None:
        """Refuse values that Firehose refuses, given what else the delivery does."""
        # Rearranged records are held back until they fill a file of their partition, or of Parquet.
        size = limits.BUFFER_SIZE_REARRANGED if converted or dynamic else limits.BUFFER_SIZE
        interval = limits.BUFFER_INTERVAL_PARTITIONED if dynamic else limits.BUFFER_INTERVAL
        if not (self.size and self.size.is_unresolved()):
            _check(size, "size", self.megabytes, converted=converted, dynamic=dynamic)
        if not (self.interval and self.interval.is_unresolved()):
            _check(interval, "interval", self.seconds, dynamic=dynamic)


def _check(limit: Limit, option: str, value: float, *, dynamic: bool, converted: bool = False) -> None:
    why = " with conversion to Parquet" if converted else " with layout by partition keys" if dynamic else ""
    if value not in limit:
        raise ValueError(f"a buffer's '{option}' must be {limit}{why}, got {value:g} {limit.unit}")
