"""Prefix and layout that a delivery stream writes to."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Token

from lake_blueprints.catalog import ArrivalTime, ByPartitionKeys, DeliveryLayout, Layout, Table
from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.storage.s3 import Zone

ERRORS = "errors/"
# https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
_PREFIX_MAX = 512


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Prefix and layout of a delivery.

    Parameters
    ----------
    dataset: Dataset
        What is delivered.
    prefix: str
        Where it goes.
    layout: DeliveryLayout
        How it lies below.
    """

    dataset: Dataset
    prefix: str
    layout: DeliveryLayout

    @property
    def dynamic(self) -> bool:
        """Whether Firehose finds the folder of a record in the record."""
        return isinstance(self.layout, ByPartitionKeys)

    @property
    def expression(self) -> str:
        """The prefix as Firehose evaluates it."""
        return f"{self.prefix}{self.layout.delivery_prefix(self.dataset)}"

    @property
    def errors(self) -> str:
        """Where records go that cannot be delivered."""
        return f"{ERRORS}{self.dataset.name}/"

    @property
    def errors_expression(self) -> str:
        """The error prefix as Firehose evaluates it."""
        return f"{self.errors}!{{firehose:error-output-type}}/!{{timestamp:yyyy-MM-dd}}/"


def destination(
    zone: Zone, dataset: Dataset, *, prefix: str | None, layout: Layout | None, schema: Table | None
) -> Destination:
    """Return where a delivery writes, or say why it cannot."""
    if schema:
        _check_schema(schema, zone, dataset, prefix, layout)
        prefix, layout = schema.prefix, schema.layout
    prefix = check_prefix(f"{dataset.name}/" if prefix is None else prefix)
    layout = layout or ArrivalTime()
    if not isinstance(layout, DeliveryLayout):
        raise ValueError(
            f"Firehose cannot write the layout {type(layout).__name__}; use ArrivalTime() or ByPartitionKeys()"
        )
    found = Destination(dataset=dataset, prefix=prefix, layout=layout)
    if found.dynamic:
        _check_keys(dataset)
    _check_prefix(found)
    return found


def _check_schema(schema: Table, zone: Zone, dataset: Dataset, prefix: str | None, layout: Layout | None) -> None:
    name = f"table '{schema.table_name}'"
    if schema.zone is not zone:
        raise ValueError(f"{name} is of zone '{schema.zone.node.path}', but the delivery is to '{zone.node.path}'")
    if schema.dataset != dataset:
        raise ValueError(f"{name} is of dataset '{schema.dataset.name}', but the delivery is of '{dataset.name}'")
    if schema.format is not DatasetFormat.PARQUET:
        raise ValueError(f"{name} reads {schema.format}, but the delivery converts to Parquet; use format=PARQUET")
    if prefix is not None or layout is not None:
        raise ValueError(f"prefix and layout are those of {name}; leave them out or set them at the table")
    if dataset.format is not DatasetFormat.JSON:
        raise ValueError(f"Firehose converts JSON records, but dataset '{dataset.name}' is {dataset.format}")


def _check_keys(dataset: Dataset) -> None:
    if dataset.format is not DatasetFormat.JSON:
        raise ValueError(
            f"Firehose finds partition keys in JSON records, but dataset '{dataset.name}' is {dataset.format}; "
            "use ArrivalTime()"
        )
    for key in dataset.partition_columns:
        if key.format:
            raise ValueError(
                f"partition key '{key.name}' comes as '{key.format}', which would become the folder's name; "
                "use ArrivalTime(), or send the date as ISO 8601"
            )


def _check_prefix(found: Destination) -> None:
    if Token.is_unresolved(found.prefix):
        return
    if "!{" in found.prefix:
        raise ValueError(f"a prefix holds no expressions, got '{found.prefix}'; say how data lies below by 'layout'")
    if found.prefix.startswith(ERRORS):
        raise ValueError(f"'{ERRORS}' is where failures go, got prefix '{found.prefix}'; use another prefix")
    if len(found.expression) > _PREFIX_MAX:
        raise ValueError(
            f"prefix and layout have at most {_PREFIX_MAX} characters, got {len(found.expression)}; "
            "shorten the prefix or lay the data out by fewer keys"
        )
