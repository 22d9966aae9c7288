"""Buffer size and interval of a delivery stream."""

from __future__ import annotations

from dataclasses import dataclass

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInSeconds, SizeInMebibytes
from template_checks.core.limit import Limit


@checked
@dataclass(frozen=True, kw_only=True)
class BufferingHints:
    """A buffer as Firehose is given it.

    Parameters
    ----------
    megabytes: float
        Its size in MiB.
    seconds: float
        Its interval in seconds.
    """

    megabytes: float
    seconds: float


@checked
@dataclass(frozen=True, kw_only=True)
class Buffer:
    """Buffer of a delivery stream: size and interval.

    Parameters
    ----------
    size: Size, optional
        Size of what is collected. To a zone 1 to 128 MiB, at least 64 MiB with conversion to Parquet or layout by
        partition keys; by default 128 MiB: queries read few large files faster than many small ones.
    interval: Duration, optional
        Longest wait. To a zone 0 to 900 seconds, at least 60 seconds with layout by partition keys; by default 300
        seconds.

    Example
    -------
        >>> buffer = Buffer(size=Size.mebibytes(64), interval=Duration.seconds(60))
    """

    size: SizeInMebibytes | None = None
    interval: DurationInSeconds | None = None

    def within(
        self, size: Limit, interval: Limit, *, default: BufferingHints, size_why: str = "", interval_why: str = ""
    ) -> BufferingHints:
        """Return the buffer with the defaults of a destination.

        Parameters
        ----------
        size, interval: Limit
            What Firehose takes for the destination.
        default: BufferingHints
            Size and interval where none is given.
        size_why, interval_why: str
            Reason of a limit: "with conversion to Parquet". By default it is the destination's only one.

        Raises
        ------
        ValueError
            If Firehose refuses the size or the interval.
        """
        hints = BufferingHints(
            megabytes=self.size.to_mebibytes() if self.size else default.megabytes,
            seconds=self.interval.to_seconds() if self.interval else default.seconds,
        )
        if not (self.size and self.size.is_unresolved()):
            _check(size, "size", hints.megabytes, size_why)
        if not (self.interval and self.interval.is_unresolved()):
            _check(interval, "interval", hints.seconds, interval_why)
        return hints


def _check(limit: Limit, option: str, value: float, why: str) -> None:
    if value not in limit:
        raise ValueError(f"a buffer's '{option}' must be {limit}{why and f' {why}'}, got {value:g} {limit.unit}")
