"""Table optimizers of the Glue Data Catalog: compaction, snapshot retention and deletion of orphan files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aws_cdk import Aws, Duration
from aws_cdk import aws_glue as glue
from constructs import Construct

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInDays
from template_checks.limits.glue import (
    COMPACTION_DELETES,
    COMPACTION_FILES,
    ORPHAN_FILE_DAYS,
    SNAPSHOT_DAYS,
    SNAPSHOTS,
)

_OPTIMIZER = glue.CfnTableOptimizer
_THREE_DAYS, _FIVE_DAYS = Duration.days(3), Duration.days(5)


class CompactionStrategy(StrEnum):
    """Order of the rows in compacted files."""

    BINPACK = "binpack"
    """As they come."""
    SORT = "sort"
    """By the sort order of the table."""
    Z_ORDER = "z-order"
    """By all columns of the sort order at once."""


@checked
@dataclass(frozen=True, kw_only=True)
class Compaction:
    """Compaction of small files, which Glue starts when a partition has enough of them.

    Parameters
    ----------
    strategy: CompactionStrategy
        Order of the rows. By default they stay as they come; SORT and Z_ORDER need a `sort_order`.
    min_input_files: int
        Number of small files in a partition from which on it is compacted, at least 1. By default 100, as Glue's.
    delete_file_threshold: int
        Number of deletes of a file from which on it is rewritten, at least 1. By default 1, as Glue's.
    """

    strategy: CompactionStrategy = CompactionStrategy.BINPACK
    min_input_files: int = 100
    delete_file_threshold: int = 1

    def __post_init__(self) -> None:
        COMPACTION_FILES.check("min_input_files", self.min_input_files)
        COMPACTION_DELETES.check("delete_file_threshold", self.delete_file_threshold)

    @property
    def configuration(self) -> dict[str, Any]:
        """The configuration as the resource type takes it."""
        iceberg = _OPTIMIZER.IcebergCompactionConfigurationProperty(
            strategy=self.strategy.value,
            min_input_files=self.min_input_files,
            delete_file_threshold=self.delete_file_threshold,
        )
        return {"compaction_configuration": {"icebergConfiguration": iceberg}}


@checked
@dataclass(frozen=True, kw_only=True)
class SnapshotRetention:
    """Expiration of snapshots, with the files that only they need.

    Parameters
    ----------
    period: Duration
        Age at which a snapshot expires, whole days, at least 1. By default 5 days: so far back a query can travel.
    snapshots: int
        Number of snapshots that stay, whatever their age, at least 1. By default 1.
    """

    period: KnownDurationInDays = _FIVE_DAYS
    snapshots: int = 1

    def __post_init__(self) -> None:
        SNAPSHOT_DAYS.check("period", self.period.to_days(integral=False))
        SNAPSHOTS.check("snapshots", self.snapshots)

    @property
    def configuration(self) -> dict[str, Any]:
        """The configuration as the resource type takes it."""
        iceberg = _OPTIMIZER.IcebergRetentionConfigurationProperty(
            snapshot_retention_period_in_days=self.period.to_days(),
            number_of_snapshots_to_retain=self.snapshots,
            clean_expired_files=True,
        )
        return {"retention_configuration": {"icebergConfiguration": iceberg}}


@checked
@dataclass(frozen=True, kw_only=True)
class OrphanFileDeletion:
    """Deletion of files that no snapshot names, such as those of writes that failed.

    Parameters
    ----------
    period: Duration
        Age at which an orphan file is deleted, whole days, at least 1. By default 3 days; a write that takes longer
        would lose its files before it commits.
    """

    period: KnownDurationInDays = _THREE_DAYS

    def __post_init__(self) -> None:
        ORPHAN_FILE_DAYS.check("period", self.period.to_days(integral=False))

    def configuration_at(self, location: str) -> dict[str, Any]:
        """Return the configuration as the resource type takes it."""
        iceberg = _OPTIMIZER.IcebergConfigurationProperty(
            orphan_file_retention_period_in_days=self.period.to_days(),
            # With its slash, without which `flights` could be read as the start of `flights_2/` too.
            location=location,
        )
        return {"orphan_file_deletion_configuration": {"icebergConfiguration": iceberg}}


def define_optimizers(
    scope: Construct,
    *,
    database_name: str,
    table_name: str,
    role: ServiceRole,
    configurations: dict[str, dict[str, Any]],
) -> None:
    """Define the optimizers of a table, by their types."""
    for kind, configuration in configurations.items():
        _OPTIMIZER(
            scope,
            "".join(word.capitalize() for word in kind.split("_")),
            catalog_id=Aws.ACCOUNT_ID,
            database_name=database_name,
            table_name=table_name,
            type=kind,
            table_optimizer_configuration=_OPTIMIZER.TableOptimizerConfigurationProperty(
                enabled=True, role_arn=role.role_arn, **configuration
            ),
        )
