"""A zone: a bucket of the lake, its catalog, and who may use both.

Above 200 lines: half of it is the documentation of one construct and of its grants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from lake_blueprints.foundation.access import Permission, allow, arn_of, combine
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import DurationInDays
from lake_blueprints.storage.s3 import permissions
from lake_blueprints.storage.s3.access_log_bucket import AccessLogBucket
from lake_blueprints.storage.s3.bucket import LakeBucket
from lake_blueprints.storage.s3.lifecycle import LifecycleRule
from lake_blueprints.storage.s3.restrictions import Restrictions
from lake_blueprints.storage.s3.retention import Retention
from lake_blueprints.storage.s3.table_prefixes import TablePrefixes

_READ, _WRITE = "reads objects", "adds objects"


class ZoneCatalog(Protocol):
    """Protocol of a catalog that is granted along with a zone's data; a `Database` implements it."""

    def grant_catalog_read(
        self, grantee: iam.IGrantable, prefix: str | None, *, restricted: bool = False
    ) -> iam.Grant: ...

    def grant_catalog_write(self, grantee: iam.IGrantable, prefix: str | None) -> iam.Grant: ...


@checked
class Zone(Construct):
    """Define a zone of the lake: raw, curated, analytics, or any other.

    A grant on a zone covers its objects, its key, and the catalog entries of every database defined on it,
    whether before the grant or after. It does not cover what is restricted: tables, jobs and deliveries of datasets
    with restricted columns call `restrict` for their prefixes, and nobody reads there without `restricted=True`.

    Parameters
    ----------
    encryption_key: kms.IKey, optional
        Key for the objects. By default a new `LakeKey` is defined.
    access_logs: AccessLogBucket, optional
        Where S3 logs each request. By default a new one is defined.
    lifecycle: sequence of LifecycleRule
        What happens to objects as they age. By default they stay as they are, forever. A class that needs a
        restore (GLACIER, DEEP_ARCHIVE) is refused on a prefix that a table or crawler reads.
    noncurrent_expire_after: Duration
        Time after which an overwritten or deleted version is gone for good, at least 1 day. By default 30 days.
    abort_uploads_after: Duration
        Time after which the parts of an unfinished upload are deleted, at least 1 day. By default 7 days.
    analyzed_prefixes: sequence of str
        Starts of keys whose use S3 observes, to advise after 30 days when objects could be stored at less cost, each
        an analysis of its own; an empty one means all objects. By default none, since S3 charges by the object.
    removal_policy: RemovalPolicy
        What happens to the data when the zone leaves the stack, subject to the removal guard. By default it is
        retained.

    Defines
    -------
    One bucket, as `bucket`; a key, as `key`, and an access log bucket, as `access_logs`, unless they are given.

    Raises
    ------
    ValueError
        If a lifecycle rule would make queried data unreadable.

    Example
    -------
        >>> raw = Zone(self, "Raw", lifecycle=[LifecycleRule(expire_after=Duration.days(365))])
        >>> raw.grant_write(producer, prefix="flights/")
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        encryption_key: kms.IKey | None = None,
        access_logs: AccessLogBucket | None = None,
        lifecycle: Sequence[LifecycleRule] = (),
        noncurrent_expire_after: DurationInDays | None = None,
        abort_uploads_after: DurationInDays | None = None,
        analyzed_prefixes: Sequence[str] = (),
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        storage = LakeBucket(
            self,
            "Storage",
            encryption_key=encryption_key,
            access_logs=access_logs,
            lifecycle=lifecycle,
            noncurrent_expire_after=noncurrent_expire_after,
            abort_uploads_after=abort_uploads_after,
            analyzed_prefixes=analyzed_prefixes,
            removal_policy=removal_policy,
        )
        self.bucket = storage.bucket
        self.key = storage.key
        self.access_logs = storage.access_logs
        self.uri = storage.uri
        self._restrictions = Restrictions(self.bucket, arn_of(self.bucket))
        self._lifecycle = tuple(lifecycle)
        self._retention = Retention(
            self.bucket,
            zone=self.node.path,
            given=lifecycle,
            noncurrent_expire_after=noncurrent_expire_after or Duration.days(30),
        )
        self._prefixes = TablePrefixes(self.node.path)
        self._catalogs: list[ZoneCatalog] = []
        self._catalog_grants: list[Callable[[ZoneCatalog], iam.Grant]] = []

    @property
    def restricted_prefixes(self) -> tuple[str, ...]:
        """The prefixes that hold restricted columns, as far as they have been declared."""
        return self._restrictions.prefixes

    def grant_read(self, grantee: iam.IGrantable, *, prefix: str | None = None, restricted: bool = False) -> iam.Grant:
        """Allow reading the objects below a prefix, and their catalog entries.

        Parameters
        ----------
        grantee: iam.IGrantable
            Who may read.
        prefix: str, optional
            Start of the keys, for instance `flights/`. By default the whole zone.
        restricted: bool
            Whether that includes prefixes with restricted columns, see `restrict`. By default these are denied,
            also if they are restricted after the grant; a grantee who has been granted such a prefix by a call of
            its own with True keeps it.
        """
        self._restrictions.granted(grantee, prefix, restricted=restricted)
        return combine(
            allow(grantee, permissions.list_objects(self, [f"{prefix}*"] if prefix else [], _READ)),
            self._grant(
                grantee,
                permissions.on_objects(self, permissions.GET, [prefix or ""], _READ),
                permissions.on_bucket(self.bucket, permissions.LOCATE, _READ),
                permissions.with_key(self, permissions.DECRYPT, [prefix or ""], _READ),
                catalog=lambda found: found.grant_catalog_read(grantee, prefix, restricted=restricted),
            ),
        )

    def grant_write(self, grantee: iam.IGrantable, *, prefix: str | None = None) -> iam.Grant:
        """Allow adding objects below a prefix, and partitions to their catalog entries; neither reading nor deleting.

        Parameters
        ----------
        grantee: iam.IGrantable
            Who may write.
        prefix: str, optional
            Start of the keys, for instance `flights/`. By default the whole zone.
        """
        return self._grant(
            grantee,
            permissions.on_objects(self, permissions.PUT, [prefix or ""], _WRITE),
            permissions.on_bucket(self.bucket, permissions.FIND_UPLOADS, _WRITE),
            permissions.with_key(self, permissions.ENCRYPT, [prefix or ""], _WRITE),
            catalog=lambda found: found.grant_catalog_write(grantee, prefix),
        )

    def grant_read_write(
        self, grantee: iam.IGrantable, *, prefix: str | None = None, restricted: bool = False
    ) -> iam.Grant:
        """Allow reading and adding objects below a prefix, but not deleting them; see `grant_read`, `grant_write`."""
        return combine(
            self.grant_read(grantee, prefix=prefix, restricted=restricted), self.grant_write(grantee, prefix=prefix)
        )

    def grant_objects(self, grantee: iam.IGrantable, *, prefix: str, restricted: bool = False) -> iam.Grant:
        """Allow listing and reading the objects below a prefix, for who has no use for their catalog entries."""
        self._restrictions.granted(grantee, prefix, restricted=restricted)
        return allow(grantee, *permissions.read_objects(self, prefix))

    def grant_delete(self, grantee: iam.IGrantable, *, prefix: str | None = None) -> iam.Grant:
        """Allow deleting objects below a prefix; the zone keeps deleted versions for a while."""
        return allow(grantee, permissions.on_objects(self, permissions.DELETE, [prefix or ""], "deletes objects"))

    def restrict(self, prefix: str, *, columns: Sequence[str]) -> None:
        """Keep readers of the zone out of a prefix, unless they are granted it with `restricted=True`.

        Parameters
        ----------
        prefix: str
            Start of the keys of data with restricted columns.
        columns: sequence of str
            Their names, for the message to those who are granted nothing but such a prefix. Nothing happens if
            there are none.
        """
        if columns:
            self._restrictions.add(prefix, columns)

    def expire(self, prefix: str, *, after: Duration, because: str) -> None:
        """Delete the objects below a prefix at an age, as a contract promises; a second time it changes nothing.

        Parameters
        ----------
        prefix: str
            Start of the keys.
        after: Duration
            The age, whole days, at least 1 day.
        because: str
            Who has promised it, for messages: "the contract of dataset 'flights'".

        Raises
        ------
        ValueError
            If a lifecycle rule of the zone contradicts the promise, or S3 takes no further rule.
        """
        self._retention.promise(prefix, after, because)

    def register(self, catalog: ZoneCatalog) -> None:
        """Make a catalog part of every grant on this zone, those already given included."""
        self._catalogs.append(catalog)
        for grant in self._catalog_grants:
            grant(catalog)

    def require_queryable(self, prefix: str, reader: str) -> None:
        """Refuse lifecycle rules that would make a prefix unreadable, and the prefix of an Iceberg table.

        Parameters
        ----------
        prefix: str
            Start of the keys that are read.
        reader: str
            Who reads them, for the message: "table 'flights'".

        Raises
        ------
        ValueError
            If objects below the prefix move to a class that needs a restore, or an Iceberg table lies there.
        """
        self._refuse_archives(prefix, reader)
        self._prefixes.share(prefix, reader)

    def reserve(self, prefix: str, reader: str) -> None:
        """Keep a prefix for an Iceberg table, whose metadata names each of its files.

        Parameters
        ----------
        prefix: str
            Start of the keys.
        reader: str
            The table, for the message: "Iceberg table 'flights'".

        Raises
        ------
        ValueError
            If another table or crawler reads there, or objects below the prefix are archived or deleted by age.
        """
        self._refuse_archives(prefix, reader)
        self._retention.keep(prefix, reader)
        self._prefixes.reserve(prefix, reader)

    def _refuse_archives(self, prefix: str, reader: str) -> None:
        for rule in self._lifecycle:
            for archive in rule.archives if rule.overlaps(prefix) else ():
                raise ValueError(
                    f"zone '{self.node.path}' moves '{rule.prefix or '*'}' to {archive}, but {reader} reads "
                    f"'{prefix or '*'}': queries cannot read an object before it is restored; "
                    "use GLACIER_IR or INTELLIGENT_TIERING, or limit the rule to another prefix"
                )

    def _grant(
        self,
        grantee: iam.IGrantable,
        *allowed: Permission,
        catalog: Callable[[ZoneCatalog], iam.Grant],
    ) -> iam.Grant:
        self._catalog_grants.append(catalog)
        return combine(allow(grantee, *allowed), *(catalog(found) for found in self._catalogs))
