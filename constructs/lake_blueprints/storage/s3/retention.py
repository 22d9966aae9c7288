"""Lifecycle rules derived from the retention of contracts."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from lake_blueprints.storage.s3.lifecycle import LifecycleRule

# One of S3's 1,000 is the bucket's own: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
_RULES_MAX = 999


class Retention:
    """The promises about a bucket's prefixes, each of them a lifecycle rule.

    Parameters
    ----------
    bucket: s3.Bucket
        The zone's.
    zone: str
        Path of the zone, for messages.
    given: sequence of LifecycleRule
        What the zone's caller wants.
    noncurrent_expire_after: Duration
        How long the zone keeps versions that are overwritten or deleted.
    """

    def __init__(
        self, bucket: s3.Bucket, *, zone: str, given: Sequence[LifecycleRule], noncurrent_expire_after: Duration
    ) -> None:
        self._bucket = bucket
        self._zone = zone
        self._given = tuple(given)
        self._noncurrent = noncurrent_expire_after
        self._promised: dict[str, Duration] = {}
        self._kept: dict[str, str] = {}

    def promise(self, prefix: str, after: Duration, because: str) -> None:
        """Add the rule that deletes the objects of a prefix, unless there is one.

        Versions stay as long as the zone keeps them, but not longer than the objects themselves.
        """
        if prefix in self._promised:
            return
        versions = min(after.to_days(), self._noncurrent.to_days())
        rule = LifecycleRule(prefix=prefix, expire_after=after, noncurrent_expire_after=Duration.days(versions))
        for other in self._given:
            self._check(prefix, after.to_days(), other, because)
        for kept, reader in self._kept.items():
            self._refuse(rule, kept, reader)
        if len(self._given) + len(self._promised) >= _RULES_MAX:
            raise ValueError(
                f"zone '{self._zone}' has {_RULES_MAX} lifecycle rules, as many as S3 takes, and {because} needs one "
                f"more for '{prefix}'; let fewer datasets share the zone"
            )
        self._promised[prefix] = after
        self._bucket.add_lifecycle_rule(
            prefix=prefix,
            expiration=rule.expire_after,
            noncurrent_version_expiration=rule.noncurrent_expire_after,
        )

    def keep(self, prefix: str, reader: str) -> None:
        """Refuse rules that delete the objects of a prefix by their age, now and later; older versions may go.

        Raises
        ------
        ValueError
            If there is one.
        """
        self._kept[prefix] = reader
        promised = [LifecycleRule(prefix=other, expire_after=after) for other, after in self._promised.items()]
        for rule in (*self._given, *promised):
            self._refuse(rule, prefix, reader)

    def _refuse(self, rule: LifecycleRule, kept: str, reader: str) -> None:
        if rule.expire_after is not None and rule.overlaps(kept):
            raise ValueError(
                f"zone '{self._zone}' deletes '{rule.prefix or '*'}' by age, but {reader} lies at '{kept}': its "
                "snapshots name files of any age, and without one of them it can no longer be read; limit the rule to "
                "other prefixes, and delete old rows by a query"
            )

    def _check(self, prefix: str, days: float, other: LifecycleRule, because: str) -> None:
        """Refuse a promise that a given rule contradicts: of two that delete an object, S3 obeys the earlier."""
        if not other.overlaps(prefix) or other.expire_after is None or other.expire_after.is_unresolved():
            return
        found = other.expire_after.to_days()
        # A wider rule that deletes later is for the rest of what it covers.
        if found < days or (found > days and other.prefix.startswith(prefix)):
            raise ValueError(
                f"{because} keeps '{prefix}' for {days:g} days, but a rule of zone '{self._zone}' deletes "
                f"'{other.prefix or '*'}' at an age of {found} days; make both the same, or limit the rule to other "
                "prefixes"
            )
