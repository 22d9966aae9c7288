"""Prefixes of a zone that hold restricted data, and the readers of the zone who are kept out of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jsii
from aws_cdk import Annotations, IStableStringProducer, Lazy, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.access.principals import check_principal, is_anybody, is_out_of_reach, name_of
from lake_blueprints.storage.s3.permissions import GET


class Restrictions:
    """The restricted prefixes of a zone.

    Who is granted more than such a prefix, the whole zone for instance, is denied the objects below it. It is a
    statement of its own and not a list of what is allowed instead: only so does a grant on a zone still cover data
    that nobody has declared, and only so does a prefix that becomes restricted later leave the grants that were
    given before. Each prefix that is in the way is a statement, so that policies that have grown too large for IAM
    can be split; what the reader is granted later, with restricted data, is taken out of it at synthesis.

    Parameters
    ----------
    bucket: s3.Bucket
        The zone's.
    """

    def __init__(self, bucket: s3.Bucket, bucket_arn: str) -> None:
        self._bucket = bucket
        self._bucket_arn = bucket_arn
        self._columns: dict[str, tuple[str, ...]] = {}
        self._readers: dict[Any, _Reader] = {}

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The restricted prefixes so far."""
        return tuple(self._columns)

    def add(self, prefix: str, columns: Iterable[str]) -> None:
        """Restrict a prefix, also for those who have been granted more than it before."""
        known = self._columns.get(prefix, ())
        self._columns[prefix] = tuple(dict.fromkeys((*known, *columns)))
        if not known:
            for reader in self._readers.values():
                for granted in reader.plain:
                    self._keep_out(reader, granted, prefix)

    def granted(self, grantee: iam.IGrantable, prefix: str | None, *, restricted: bool) -> None:
        """Take note of who may read what, and whether that includes restricted data."""
        check_principal(grantee)
        # A role of this library is its own principal; asking it would cross to the CDK's process.
        principal = grantee if isinstance(grantee, ServiceRole) else grantee.grant_principal
        reader = self._readers.setdefault(principal, _Reader(principal))
        if restricted:
            reader.unmasked.append(prefix or "")
            return
        reader.plain.append(prefix or "")
        for known in self._columns:
            self._keep_out(reader, prefix or "", known)

    def _keep_out(self, reader: _Reader, granted: str, prefix: str) -> None:
        if not _overlap(granted, prefix) or reader.is_cleared(prefix):
            return
        if granted.startswith(prefix):
            self._warn(granted, prefix)
        if prefix in reader.denied:
            return
        if is_anybody(reader.principal):
            raise ValueError(
                f"{name_of(reader.principal)} cannot be granted '{granted}', since '{prefix}' holds restricted "
                "columns: whom to keep out of it is known by conditions alone, which the lake's own jobs may meet as "
                "well; grant single prefixes without restricted columns, or grant accounts and roles"
            )
        reader.denied.add(prefix)
        denial = iam.PolicyStatement(
            effect=iam.Effect.DENY,
            actions=list(GET),
            resources=[Lazy.string(_Denied(self._bucket_arn, reader, prefix))],
        )
        # Those without policies here, such as another account and its roles, are named by the bucket's. The CDK says
        # of a role of another account that it had added a statement.
        if is_out_of_reach(reader.principal) or not reader.principal.add_to_principal_policy(denial).statement_added:
            denial.add_principals(reader.principal)
            self._bucket.add_to_resource_policy(denial)

    def _warn(self, granted: str, prefix: str) -> None:
        Annotations.of(self._bucket).add_warning_v2(
            f"lake-blueprints:restricted:{granted}",
            f"a grant to read '{granted}' reads nothing: '{prefix}' holds the restricted columns "
            f"{', '.join(self._columns[prefix])}; grant it with restricted=True, or grant the masked copy",
        )


class _Reader:
    """A reader and its prefixes, with and without restricted data."""

    def __init__(self, principal: Any) -> None:
        self.principal = principal
        self.plain: list[str] = []
        self.unmasked: list[str] = []
        self.denied: set[str] = set()

    def is_cleared(self, prefix: str) -> bool:
        return any(prefix.startswith(unmasked) for unmasked in self.unmasked)


@jsii.implements(IStableStringProducer)
class _Denied:
    """The resource of a statement, written once all grants are known."""

    def __init__(self, bucket_arn: str, reader: _Reader, prefix: str) -> None:
        self._bucket_arn = bucket_arn
        self._reader = reader
        self._prefix = prefix

    def produce(self) -> str | None:
        # A statement cannot be taken back, but one about an empty key, which no object has, denies nothing.
        denied = "" if self._reader.is_cleared(self._prefix) else f"{self._prefix}*"
        return f"{self._bucket_arn}/{denied}"


def _overlap(one: str, other: str) -> bool:
    # What a token stands for is known too late, so it may be anything.
    unknown = Token.is_unresolved(one) or Token.is_unresolved(other)
    return unknown or one.startswith(other) or other.startswith(one)
