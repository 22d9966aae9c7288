"""Layouts of objects below a prefix, shared by deliveries and tables."""

from __future__ import annotations

import datetime
from abc import ABC, abstractmethod
from dataclasses import dataclass

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.contracts.dataset import refuse_restricted_folders
from lake_blueprints.foundation.arguments import checked


class Layout(ABC):
    """The folders below a prefix; a `DeliveryStream` and a `Table` that share one cannot disagree."""

    @abstractmethod
    def partition_columns(self, dataset: Dataset) -> tuple[Column, ...]:
        """Return the columns that folders are named after, outermost first."""

    def data_columns(self, dataset: Dataset) -> tuple[Column, ...]:
        """Return the columns that are inside the files."""
        return dataset.columns

    def projection(self, dataset: Dataset) -> dict[str, str]:
        """Return the table parameters from which Athena computes partitions; none if they are registered."""
        return {}

    def location_template(self, dataset: Dataset) -> str:
        """Return the folders of a partition as `storage.location.template` writes them."""
        return "".join(f"{column.name}=${{{column.name}}}/" for column in self.partition_columns(dataset))


class DeliveryLayout(Layout):
    """A layout that Firehose can write."""

    @abstractmethod
    def delivery_prefix(self, dataset: Dataset) -> str:
        """Return the folders as a Firehose prefix expression."""


@checked
@dataclass(frozen=True)
class Unpartitioned(Layout):
    """Files lie directly below the prefix, or in folders that mean nothing."""

    def partition_columns(self, dataset: Dataset) -> tuple[Column, ...]:
        return ()


@checked
@dataclass(frozen=True, kw_only=True)
class ArrivalTime(DeliveryLayout):
    """One folder for each day of arrival in UTC: `ingest_date=2026-01-31/`.

    Its partitions are regular, so tables project them: Athena sees a new day without anyone registering it.
    Only Athena does; Spark and Redshift Spectrum see registered partitions alone.

    Parameters
    ----------
    start: datetime.date
        First day that data can have arrived; Athena looks for nothing earlier. By default 1 January 2024.

    Notes
    -----
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html

    Example
    -------
        >>> layout = ArrivalTime(start=datetime.date(2026, 1, 1))
    """

    start: datetime.date = datetime.date(2024, 1, 1)

    def partition_columns(self, dataset: Dataset) -> tuple[Column, ...]:
        if any(column.name == _ARRIVAL.name for column in dataset.columns):
            raise ValueError(
                f"dataset '{dataset.name}' has a column '{_ARRIVAL.name}', which is the folder of ArrivalTime(); "
                "rename the column or lay the data out by ByPartitionKeys()"
            )
        return (_ARRIVAL,)

    def delivery_prefix(self, dataset: Dataset) -> str:
        (day,) = self.partition_columns(dataset)
        return f"{day.name}=!{{timestamp:{_DAY}}}/"

    def projection(self, dataset: Dataset) -> dict[str, str]:
        (day,) = self.partition_columns(dataset)
        return {
            f"projection.{day.name}.type": "date",
            f"projection.{day.name}.format": _DAY,
            f"projection.{day.name}.range": f"{self.start.isoformat()},NOW",
        }


@checked
@dataclass(frozen=True, kw_only=True)
class ByPartitionKeys(DeliveryLayout):
    """Hive folders of the dataset's partition keys: `year=2013/month=1/`.

    Parameters
    ----------
    project: bool
        Whether Athena computes the partitions instead of reading them from the catalog; then each key must be a
        whole number with a minimum and a maximum, or have an enum. By default partitions are registered, which
        Spark and Redshift Spectrum need.

    Example
    -------
        >>> layout = ByPartitionKeys(project=True)
    """

    project: bool = False

    def partition_columns(self, dataset: Dataset) -> tuple[Column, ...]:
        if not dataset.partition_keys:
            raise ValueError(
                f"dataset '{dataset.name}' has no partition keys to lay its data out by; "
                "declare some, or use ArrivalTime() or Unpartitioned()"
            )
        refuse_restricted_folders(dataset.name, dataset.partition_columns)
        return dataset.partition_columns

    def data_columns(self, dataset: Dataset) -> tuple[Column, ...]:
        return dataset.data_columns

    def delivery_prefix(self, dataset: Dataset) -> str:
        keys = self.partition_columns(dataset)
        return "".join(f"{key.name}=!{{partitionKeyFromQuery:{key.name}}}/" for key in keys)

    def projection(self, dataset: Dataset) -> dict[str, str]:
        found: dict[str, str] = {}
        for key in self.partition_columns(dataset) if self.project else ():
            found.update(_project(key))
        return found


# A date in one format, so that folder, template and projection are one text.
_DAY = "yyyy-MM-dd"
_ARRIVAL = Column(name="ingest_date", type="date", description="Day of arrival, UTC.")
_WHOLE_NUMBERS = frozenset({"tinyint", "smallint", "int", "bigint"})


def _project(key: Column) -> dict[str, str]:
    name, limits = f"projection.{key.name}", key.constraints
    if limits.enum and not any("," in str(value) for value in limits.enum):
        return {f"{name}.type": "enum", f"{name}.values": ",".join(str(value) for value in limits.enum)}
    if key.type.glue in _WHOLE_NUMBERS and limits.minimum is not None and limits.maximum is not None:
        return {f"{name}.type": "integer", f"{name}.range": f"{int(limits.minimum)},{int(limits.maximum)}"}
    raise ValueError(
        f"partition key '{key.name}' is not regular enough to project: declare an enum without commas, or a minimum "
        "and a maximum of a whole number; or register partitions by ByPartitionKeys()"
    )


def default_layout(dataset: Dataset) -> Layout:
    """Return the layout that a dataset's contract implies."""
    return ByPartitionKeys() if dataset.partition_keys else Unpartitioned()
