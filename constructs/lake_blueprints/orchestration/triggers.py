"""Events that start a pipeline."""

from __future__ import annotations

from aws_cdk import aws_events as events

from lake_blueprints.storage import Zone


def object_created(zone: Zone, *, prefix: str | None = None) -> events.EventPattern:
    """Return the pattern of a new object in a zone.

    Parameters
    ----------
    zone: Zone
        Where.
    prefix: str, optional
        Start of the keys, for instance `references/`. By default any object.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

    Example
    -------
        >>> Pipeline(self, "OnArrival", steps=steps, event_pattern=object_created(raw, prefix="references/"))
    """
    key = {"object": {"key": [{"prefix": prefix}]}} if prefix else {}
    return events.EventPattern(
        source=["aws.s3"],
        detail_type=["Object Created"],
        detail={"bucket": {"name": [zone.bucket.bucket_name]}, **key},
    )
