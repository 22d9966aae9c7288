"""Typed lifecycle rules: expiration and transitions that S3 accepts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInDays

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
_INFREQUENT_ACCESS_DAYS = 30


class StorageClass(StrEnum):
    """The storage classes that a lifecycle rule can move objects to."""

    STANDARD_IA = "STANDARD_IA"
    INTELLIGENT_TIERING = "INTELLIGENT_TIERING"
    ONEZONE_IA = "ONEZONE_IA"
    GLACIER_IR = "GLACIER_IR"
    GLACIER = "GLACIER"
    DEEP_ARCHIVE = "DEEP_ARCHIVE"

    @property
    def needs_restore(self) -> bool:
        """Whether an object must be restored before a query can read it."""
        return self in {StorageClass.GLACIER, StorageClass.DEEP_ARCHIVE}

    @property
    def minimum_days(self) -> int:
        """The earliest age, in days, at which an object may move here."""
        return _INFREQUENT_ACCESS_DAYS if self in {StorageClass.STANDARD_IA, StorageClass.ONEZONE_IA} else 0

    @property
    def next(self) -> frozenset[StorageClass]:
        """The classes that an object may move on to from here."""
        order = list(StorageClass)
        later = frozenset(order[order.index(self) + 1 :])
        return later - {StorageClass.GLACIER_IR} if self is StorageClass.ONEZONE_IA else later


@checked
@dataclass(frozen=True, kw_only=True)
class Transition:
    """A move to another storage class.

    Parameters
    ----------
    storage_class: StorageClass
        Where objects move to.
    after: Duration
        Age at which they move, in whole days: at least 30 for STANDARD_IA and ONEZONE_IA.
    """

    storage_class: StorageClass
    after: DurationInDays

    def __post_init__(self) -> None:
        minimum = self.storage_class.minimum_days
        if not self.after.is_unresolved() and self.after.to_days() < minimum:
            raise ValueError(
                f"objects can move to {self.storage_class} at an age of {minimum} days or more, "
                f"got {self.after.to_days()} days"
            )


@checked
@dataclass(frozen=True, kw_only=True)
class LifecycleRule:
    """Expiration and transitions of the objects below a prefix.

    Parameters
    ----------
    prefix: str
        Start of the keys that the rule is for, without a leading slash. By default every object.
    transitions: sequence of Transition
        Moves to cheaper storage classes, each later than the one before. By default none.
    expire_after: Duration, optional
        Age at which objects are deleted, later than the last transition. By default they are kept forever.
    noncurrent_expire_after: Duration, optional
        Time after which an overwritten or deleted version is gone for good. By default the bucket's.

    Raises
    ------
    ValueError
        If S3 would refuse the rule, with the values that it would take.

    Example
    -------
        >>> LifecycleRule(
        ...     prefix="flights/",
        ...     transitions=[Transition(storage_class=StorageClass.GLACIER_IR, after=Duration.days(90))],
        ...     expire_after=Duration.days(3650),
        ... )
    """

    prefix: str = ""
    transitions: tuple[Transition, ...] | list[Transition] = ()
    expire_after: DurationInDays | None = None
    noncurrent_expire_after: DurationInDays | None = None

    def __post_init__(self) -> None:
        if self.prefix.startswith("/"):
            raise ValueError(f"a prefix has no leading slash, got '{self.prefix}'; use '{self.prefix.lstrip('/')}'")
        for earlier, later in pairwise(self.transitions):
            _check_order(earlier, later)
        check_days(noncurrent_expire_after=self.noncurrent_expire_after)
        _check_expiry(self.expire_after, self.transitions)

    @property
    def archives(self) -> Iterable[StorageClass]:
        """The classes among its transitions that no query can read."""
        return [move.storage_class for move in self.transitions if move.storage_class.needs_restore]

    def overlaps(self, prefix: str) -> bool:
        """Whether the rule touches objects below `prefix`."""
        return self.prefix.startswith(prefix) or prefix.startswith(self.prefix)

    def render(self, noncurrent_expire_after: Duration) -> s3.LifecycleRule:
        """Return the rule as aws-cdk-lib's."""
        return s3.LifecycleRule(
            prefix=self.prefix or None,
            expiration=self.expire_after,
            noncurrent_version_expiration=self.noncurrent_expire_after or noncurrent_expire_after,
            transitions=[
                s3.Transition(storage_class=s3.StorageClass(move.storage_class.value), transition_after=move.after)
                for move in self.transitions
            ]
            or None,
        )


def check_days(**options: Duration | None) -> None:
    """Refuse ages of less than a day, which S3 does not take.

    Raises
    ------
    ValueError
        With the option and its value.
    """
    for name, value in options.items():
        if value and not value.is_unresolved() and value.to_days() < 1:
            raise ValueError(
                f"'{name}' must be at least 1 day, got {value.to_days()} days; leave it out for the default"
            )


def _check_order(earlier: Transition, later: Transition) -> None:
    if later.storage_class not in earlier.storage_class.next:
        allowed = ", ".join(sorted(earlier.storage_class.next)) or "nothing: it is the last"
        raise ValueError(
            f"objects cannot move from {earlier.storage_class} to {later.storage_class}; they can move on to {allowed}"
        )
    if earlier.after.is_unresolved() or later.after.is_unresolved():
        return
    stay = earlier.storage_class.minimum_days or 1
    if later.after.to_days() < earlier.after.to_days() + stay:
        raise ValueError(
            f"objects stay at least {stay} days in {earlier.storage_class}: the move to {later.storage_class} can be "
            f"at {earlier.after.to_days() + stay} days or more, got {later.after.to_days()} days"
        )


def _check_expiry(expire_after: Duration | None, transitions: tuple[Transition, ...] | list[Transition]) -> None:
    if expire_after is None or expire_after.is_unresolved():
        return
    last = max((move.after.to_days() for move in transitions if not move.after.is_unresolved()), default=0)
    if expire_after.to_days() <= last:
        raise ValueError(
            f"'expire_after' must be more than {last} days, got {expire_after.to_days()} days: "
            "objects expire after their last transition and at an age of at least 1 day"
        )
