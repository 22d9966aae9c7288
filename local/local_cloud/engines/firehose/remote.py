"""Deliveries that wait for a destination outside S3, and what becomes of the records that it does not take."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from local_cloud.engines.firehose.delivery import Delivery, OutputObject
from local_cloud.engines.firehose.endpoints.exchange import AttemptError
from local_cloud.engines.firehose.endpoints.shipment import Shipment, ship
from local_cloud.engines.firehose.processing import process
from local_cloud.engines.firehose.records import Failure, Record
from local_cloud.engines.firehose.settings import Destination
from local_cloud.server.runtime import Runtime

_ALL = ("AllData", "AllDocuments", "AllEvents")


@dataclass(frozen=True, kw_only=True)
class RemoteDestination(Destination):
    """A destination outside S3; bucket, prefix and compression are those of the backup.

    Parameters
    ----------
    backup_role: str | None
        Role under which the backup is written.
    retry_seconds: int
        Time that is spent on waiting between attempts.
    keeps_all: bool
        Whether all records are backed up.
    """

    backup_role: str | None
    retry_seconds: int
    keeps_all: bool

    @property
    def role_of_objects(self) -> str | None:
        return self.backup_role

    @classmethod
    def backed_up(cls, configuration: Mapping[str, Any], *, size: int, interval: int, retry: int, **own: Any) -> Self:
        """Read what all of them have, or the description that moto makes of it.

        Parameters
        ----------
        configuration: mapping
            The configuration.
        size, interval, retry: int
            Size of the buffer, its interval and the time of retries, where nothing is given.
        own: object
            What one kind has of its own.
        """
        backup = configuration.get("S3DestinationDescription") or configuration["S3Configuration"]
        common = Destination.of(
            {
                **backup,
                "RoleARN": configuration.get("RoleARN") or backup.get("RoleARN"),
                "BufferingHints": configuration.get("BufferingHints")
                or {"SizeInMBs": size, "IntervalInSeconds": interval},
                "ProcessingConfiguration": configuration.get("ProcessingConfiguration"),
            }
        )
        return cls(
            **{field.name: getattr(common, field.name) for field in fields(common)},
            backup_role=backup.get("RoleARN"),
            retry_seconds=int((configuration.get("RetryOptions") or {}).get("DurationInSeconds", retry)),
            keeps_all=configuration.get("S3BackupMode") in _ALL,
            **own,
        )


@dataclass(frozen=True, kw_only=True)
class RemoteDelivery(Delivery):
    """Delivery of one stream to a destination outside S3.

    Parameters
    ----------
    destination: RemoteDestination
        What is deployed.
    runtime: Runtime
        Where secrets and receivers are found.
    """

    destination: RemoteDestination
    runtime: Runtime

    def outputs(self, records: Sequence[Record]) -> list[OutputObject | Shipment]:
        """Return the backup of all records, the requests, and the objects of what fails before."""
        passed, failures = process(records, self.destination, client=self.client, context=self.context)
        # As they came: no processor has seen these.
        plain = replace(self, destination=replace(self.destination, processors=()))
        kept = plain.objects(records) if self.destination.keeps_all else []
        return [*kept, *self._finished(failures), *self.requests(passed)]

    def ship(self, shipment: Shipment, warn: Callable[[str], None]) -> list[OutputObject]:
        """Send a request until it is taken or given up; return the objects of its records then."""
        error = ship(
            shipment,
            self.attempt,
            seconds=self.destination.retry_seconds,
            pausing=self.runtime.pausing,
        )
        if error and error.lost:
            warn(f"{len(shipment.records)} records are lost, as in AWS: {error.code}: {error}")
            return []
        return self._finished(self.failures(shipment, error))

    @abstractmethod
    def requests(self, records: Sequence[Record]) -> Iterable[Shipment]:
        """Return the requests that hold the records."""

    @abstractmethod
    def attempt(self, shipment: Shipment) -> None:
        """Send a request once.

        Raises
        ------
        AttemptError
            If the destination does not take it.
        """

    @abstractmethod
    def failures(self, shipment: Shipment, error: AttemptError | None) -> list[Failure]:
        """Return the records of a request that are given up; without an error it was taken."""

    def _finished(self, failures: Sequence[Failure]) -> list[OutputObject]:
        return [self.finished(one) for one in self._failed(failures)]
