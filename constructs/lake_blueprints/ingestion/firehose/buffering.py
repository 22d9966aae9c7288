"""How much Firehose collects before it writes an object."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, Size

_LARGEST_MIB = 128
# https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html and, for the two features,
# https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
_SMALLEST_MIB, _SMALLEST_REARRANGED_MIB = 1, 64
_LONGEST_SECONDS, _SHORTEST_DYNAMIC_SECONDS = 900, 60


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """What a delivery collects at most.

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
        return self.size.to_mebibytes() if self.size else _LARGEST_MIB

    @property
    def seconds(self) -> float:
        """The interval in seconds."""
        return self.interval.to_seconds() if self.interval else 300

    def check(self, *, converted: bool, dynamic: bool) -> None:
        """Refuse values that Firehose refuses, given what else the delivery does."""
        smallest, why = _SMALLEST_MIB, ""
        if converted or dynamic:
            smallest = _SMALLEST_REARRANGED_MIB
            why = " with conversion to Parquet" if converted else " with layout by partition keys"
        if not (self.size and self.size.is_unresolved()) and not smallest <= self.megabytes <= _LARGEST_MIB:
            raise ValueError(
                f"a buffer's 'size' must be {smallest} to {_LARGEST_MIB} MiB{why}, got {self.megabytes:g} MiB"
            )
        shortest, why = (_SHORTEST_DYNAMIC_SECONDS, " with layout by partition keys") if dynamic else (0, "")
        if not (self.interval and self.interval.is_unresolved()) and not shortest <= self.seconds <= _LONGEST_SECONDS:
            raise ValueError(
                f"a buffer's 'interval' must be {shortest} to {_LONGEST_SECONDS} seconds{why}, "
                f"got {self.seconds:g} seconds"
            )
