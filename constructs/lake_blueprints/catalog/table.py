"""A table of the Glue Data Catalog, derived from a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from aws_cdk import Aws
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog.catalog_table import CatalogTable
from lake_blueprints.catalog.formats import by_position, reading
from lake_blueprints.catalog.layout import Layout, default_layout
from lake_blueprints.catalog.table_location import Access
from lake_blueprints.catalog.table_metadata import comment, parameters
from lake_blueprints.catalog.table_owner import TableOwner
from lake_blueprints.contracts import Column, Dataset, DatasetFormat
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.storage.s3 import Zone

# https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
_DESCRIPTION_MAX = 2048


class TableOptions(TypedDict, total=False):
    """The options of a `Table`, for `Database.add_table`."""

    prefix: str | None
    table_name: str | None
    zone: Zone | None
    format: DatasetFormat
    quoted: bool
    csv_columns: Sequence[str]
    layout: Layout | None


@checked
class Table(CatalogTable):
    """Define the table of a dataset: its columns, its partitions and how its files are read.

    Parameters
    ----------
    database: Database
        Where the table belongs; its zone holds the data.
    dataset: Dataset
        What the data is.
    prefix: str, optional
        Where the data lies in the zone, ending in a slash. By default the dataset's name: `flights/`.
    table_name: str, optional
        Lower case letters, digits and underscores, at most 255. By default the dataset's name.
    zone: Zone, optional
        Where the data lies, if not in the database's zone. By default it is there.
    format: DatasetFormat
        Format of the files. By default Parquet, as the lake's jobs and converting deliveries write.
    quoted: bool
        Whether CSV fields may stand in double quotes. By default they may, and every column is text: the SerDe that
        reads quotes reads no other type reliably. Without quotes the columns have the contract's types.
    csv_columns: sequence of str
        Columns of CSV files in the order in which they stand there, since Athena reads CSV by position: first those
        of the oldest files, then each that was added later. A name that the dataset does not have stands for a column
        that was removed. By default the dataset's order, so that a column added in its midst shifts older files.
    layout: Layout, optional
        How the data lies below the prefix. By default in folders of the dataset's partition keys, if it has some.

    Defines
    -------
    One Glue table, named `table_name`.

    Raises
    ------
    ValueError
        If a name or prefix is invalid, the layout or `csv_columns` do not fit the dataset, the database already has a
        table of that name, or the zone archives the data.

    Example
    -------
        >>> flights = Table(self, "Flights", database=database, dataset=contract["flights"])
        >>> flights.grant_read(analyst)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        database: TableOwner,
        dataset: Dataset,
        prefix: str | None = None,
        table_name: str | None = None,
        zone: Zone | None = None,
        format: DatasetFormat = DatasetFormat.PARQUET,
        quoted: bool = True,
        csv_columns: Sequence[str] = (),
        layout: Layout | None = None,
    ) -> None:
        super().__init__(
            scope, construct_id, database=database, dataset=dataset, prefix=prefix, table_name=table_name, zone=zone
        )
        self.format = DatasetFormat(format)
        self.layout = layout or default_layout(dataset)
        self.zone.require_queryable(self.prefix, f"table '{self.table_name}'")

        columns = by_position(self.layout.data_columns(dataset), self.format, csv_columns)
        files = reading(dataset, columns, self.format, quoted=quoted)
        self.resource = glue.CfnTable(
            self,
            "Table",
            catalog_id=Aws.ACCOUNT_ID,
            # The reference, so that the database comes first.
            database_name=database.resource.ref,
            table_input=glue.CfnTable.TableInputProperty(
                name=self.table_name,
                description=(dataset.description or "")[:_DESCRIPTION_MAX] or None,
                table_type="EXTERNAL_TABLE",
                parameters={
                    "EXTERNAL": "TRUE",
                    "classification": self.format.value,
                    **parameters(dataset),
                    **files.table,
                    **self._projection(),
                },
                partition_keys=_columns(self.layout.partition_columns(dataset)),
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=_columns(columns, text_only=files.text_only),
                    location=self.uri,
                    input_format=files.input_format,
                    output_format=files.output_format,
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=files.library, parameters=files.options
                    ),
                ),
            ),
        )
        self._register(self.resource)

    def grant_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow adding data and partitions, neither reading nor deleting."""
        return self.zone.grant_write(grantee, prefix=self.prefix)

    def grant_manage_partitions(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow looking the table up, and adding and renewing partitions; not its data."""
        return self.database.grant_entry(grantee, self._entry, Access.MANAGE_PARTITIONS)

    def grant_schema(self, grantee: iam.IGrantable, *, before: Construct) -> iam.Grant:
        """Allow reading the table's columns, which `before` does as soon as it is created; not its data."""
        return self.database.grant_schema(grantee, self._entry, before=before)

    def _projection(self) -> dict[str, str]:
        projected = self.layout.projection(self.dataset)
        if not projected:
            return {}
        template = f"{self.uri}{self.layout.location_template(self.dataset)}"
        return {"projection.enabled": "true", "storage.location.template": template, **projected}


def _columns(columns: Sequence[Column], *, text_only: bool = False) -> list[glue.CfnTable.ColumnProperty]:
    return [
        glue.CfnTable.ColumnProperty(
            name=column.name, type="string" if text_only else column.type.glue, comment=comment(column)
        )
        for column in columns
    ]
