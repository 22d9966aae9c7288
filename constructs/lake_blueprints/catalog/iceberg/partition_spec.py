"""Partition spec of an Iceberg table, as CloudFormation takes it."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_glue as glue

from lake_blueprints.catalog.iceberg.field_ids import FieldIds
from lake_blueprints.contracts import Dataset, Identity, PartitionTransform
from lake_blueprints.contracts.dataset import refuse_restricted_folders
from lake_blueprints.contracts.partitioning import check_partitioning

_TABLE = glue.CfnTable


def partitioning_of(dataset: Dataset, given: Sequence[PartitionTransform] | None) -> tuple[PartitionTransform, ...]:
    """Return the given partition fields, else the dataset's, else its partition keys by themselves.

    Raises
    ------
    ContractError
        If Iceberg does not take them, or one is of a restricted column: its values would be in the names of files.
    """
    if given is None:
        given = dataset.partitioning or [Identity(key) for key in dataset.partition_keys]
    check_partitioning(dataset.name, dataset.columns, given)
    refuse_restricted_folders(dataset.name, [dataset.column(one.column) for one in given])
    return tuple(given)


def partition_spec(
    dataset: Dataset, partitioning: Sequence[PartitionTransform], ids: FieldIds
) -> glue.CfnTable.IcebergPartitionSpecProperty:
    """Return the partition fields with their ids; none is a spec as well, so that the last one can be taken away."""
    return _TABLE.IcebergPartitionSpecProperty(
        fields=[
            _TABLE.IcebergPartitionFieldProperty(
                source_id=ids.of_column(dataset.column(one.column)),
                field_id=ids.of_partition(one),
                name=one.name,
                transform=one.text,
            )
            for one in partitioning
        ]
    )
