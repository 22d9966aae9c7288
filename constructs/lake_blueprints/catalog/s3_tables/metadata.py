"""Iceberg metadata with which CloudFormation makes a table of S3 Tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import aws_s3tables as s3tables

from lake_blueprints.catalog.iceberg import SortField
from lake_blueprints.catalog.iceberg.field_ids import FieldIds
from lake_blueprints.catalog.iceberg.sort_order import check_sort_order
from lake_blueprints.catalog.iceberg.table_properties import writer_defaults
from lake_blueprints.catalog.iceberg.table_schema import iceberg_type
from lake_blueprints.contracts import Dataset, PartitionTransform

_TABLE = s3tables.CfnTable
_TARGET = "write.target-file-size-bytes"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-considerations.html
_RETENTION = "history.expire."


def metadata_of(
    dataset: Dataset,
    *,
    partitioning: Sequence[PartitionTransform],
    sort_order: Sequence[SortField],
    properties: Mapping[str, str],
    target_file_mb: int | None,
) -> s3tables.CfnTable.IcebergMetadataProperty:
    """Return schema, partition spec, sort order and properties: nothing that another version of a contract rewords.

    Descriptions of columns and facts about the contract are left out: each change of them would be another table.
    All columns are optional: Iceberg reads no older file without a column that is required today, and a contract's
    `required` is judged record by record before a row is written.

    Raises
    ------
    ValueError
        If the sort order does not fit the dataset, field ids collide, or a property contradicts the construct.
    """
    for name in properties:
        if name.startswith(_RETENTION):
            raise ValueError(
                f"'properties' must not have '{name}', got '{properties[name]}'; S3 expires no snapshot of a table "
                "with a retention of its own: give 'snapshot_management'"
            )
    check_sort_order(dataset, sort_order)
    ids = FieldIds(dataset)
    given = {**({_TARGET: str(target_file_mb * 1024 * 1024)} if target_file_mb else {}), **properties}
    return _TABLE.IcebergMetadataProperty(
        iceberg_schema_v2=_TABLE.IcebergSchemaV2Property(
            schema_v2_field_type="struct",
            schema_v2_field_list=[
                _TABLE.SchemaV2FieldProperty(
                    id=ids.of_column(column),
                    name=column.name,
                    type=iceberg_type(column.type, column.name, ids),
                    required=False,
                )
                for column in dataset.columns
            ],
        ),
        iceberg_partition_spec=_partition_spec(dataset, partitioning, ids) if partitioning else None,
        iceberg_sort_order=_sort_order(dataset, sort_order, ids) if sort_order else None,
        table_properties={
            **writer_defaults(properties, partitioned=bool(partitioning), sorted_=bool(sort_order)),
            **given,
        },
    )


def _partition_spec(
    dataset: Dataset, partitioning: Sequence[PartitionTransform], ids: FieldIds
) -> s3tables.CfnTable.IcebergPartitionSpecProperty:
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


def _sort_order(
    dataset: Dataset, fields: Sequence[SortField], ids: FieldIds
) -> s3tables.CfnTable.IcebergSortOrderProperty:
    return _TABLE.IcebergSortOrderProperty(
        order_id=1,
        fields=[
            _TABLE.IcebergSortFieldProperty(
                source_id=ids.of_column(dataset.column(field.column)),
                transform="identity",
                direction=field.direction,
                null_order=field.null_order,
            )
            for field in fields
        ],
    )
