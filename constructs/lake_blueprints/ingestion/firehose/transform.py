"""A Lambda function that changes records on their way to a zone."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration, Size, SizeRoundingBehavior
from aws_cdk import aws_lambda as lambda_

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds, KnownSizeInBytes
from template_checks.limits import firehose as limits


@checked
@dataclass(frozen=True, kw_only=True)
class Transform:
    """A function that Firehose calls with batches of records, and how.

    Parameters
    ----------
    function: lambda_.IFunction
        Returns `recordId`, `result` and `data` of each record, within 5 minutes and 6 MB.
    buffer_size: Size
        Size of a batch, 0.2 to 3 MiB. By default 1 MiB.
    buffer_interval: Duration
        Longest wait for a batch, 0 to 900 seconds. By default 60 seconds.
    retries: int
        Further calls after a failed one, 0 to 300. By default 3.

    Raises
    ------
    ValueError
        If a value is out of range.

    Notes
    -----
    https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html

    Example
    -------
        >>> transform = Transform(function=mask_names, buffer_size=Size.mebibytes(3))
    """

    function: lambda_.IFunction
    buffer_size: KnownSizeInBytes = field(default_factory=lambda: Size.mebibytes(1))
    buffer_interval: KnownDurationInSeconds = field(default_factory=lambda: Duration.seconds(60))
    retries: int = 3

    def __post_init__(self) -> None:
        if not self.buffer_size.is_unresolved():
            limits.TRANSFORM_BUFFER_SIZE.check("buffer_size", self.megabytes)
        if not self.buffer_interval.is_unresolved():
            limits.TRANSFORM_BUFFER_INTERVAL.check("buffer_interval", self.buffer_interval.to_seconds())
        limits.TRANSFORM_RETRIES.check("retries", self.retries)

    @property
    def megabytes(self) -> float:
        """The size of a batch in MiB."""
        return self.buffer_size.to_mebibytes(rounding=SizeRoundingBehavior.NONE)
