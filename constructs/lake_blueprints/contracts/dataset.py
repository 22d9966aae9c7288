"""A dataset: what a table, its delivery, its curation and its grants are derived from.

Above 200 lines: half of it is the documentation of one class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import Any

from attrs import evolve, field, frozen

from lake_blueprints.contracts.arguments import checked
from lake_blueprints.contracts.classification import Classifications, Verdict
from lake_blueprints.contracts.column import NAME, Column, as_tuple
from lake_blueprints.contracts.errors import ContractError
from lake_blueprints.contracts.governance import AccessRole, Governance, Note, Placement, Relationship, ServiceLevels
from lake_blueprints.contracts.masking import Masking
from lake_blueprints.contracts.partitioning import PartitionTransform, check_partitioning
from lake_blueprints.contracts.quality import QualityRule


class DatasetFormat(StrEnum):
    """File format of a dataset's raw records."""

    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"
    DYNAMODB_JSON = "dynamodb-json"
    """Exports of a DynamoDB table, which curation reads by their manifests; no table of the catalog can."""


def _columns(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(columns)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


@checked
@frozen(kw_only=True)
class Dataset:
    """A dataset, declared once.

    Parameters
    ----------
    name: str
        Name of the table and of its prefix: lower case letters, digits and underscores.
    columns: sequence of Column
        All columns, partition keys included, in the order of the table.
    primary_key: sequence of str
        Columns that identify a row; a second row with the same values is a duplicate. By default none.
    partition_keys: sequence of str
        Columns by which the curated data is laid out in folders, outermost first. By default none.
    partitioning: sequence of PartitionTransform
        Hidden partitioning of the dataset's Iceberg tables: `[Day("ordered"), Bucket("customer", 16)]`. By default by
        the partition keys themselves.
    format: DatasetFormat
        How the producers write records. By default JSON lines.
    delimiter: str
        Separator of CSV fields. By default a comma.
    description: str, optional
        For people; written into the catalog.
    classification: str, optional
        Who may see the columns that say nothing about it themselves; written into the catalog. By default everyone.
    version: str
        Version of the contract, semantic. By default 1.0.0.
    quality: sequence of QualityRule
        What is promised about the data. By default nothing beyond its columns.
    relationships: sequence of Relationship
        Columns that are keys of other datasets. By default none.
    service_levels: ServiceLevels
        Promises about time. By default none.
    roles: sequence of AccessRole
        Roles to which the app binds principals. By default none.
    placements: sequence of Placement
        Servers of the contract that are a lake's. By default none.
    governance: Governance
        Who answers for the dataset. By default nobody is named.
    notes: sequence of Note
        What of the contract is treated otherwise than its author may expect. By default nothing.

    Raises
    ------
    ContractError
        If a name is invalid or used twice, or a key is not a column.

    Example
    -------
        >>> flights = Dataset(
        ...     name="flights",
        ...     columns=[
        ...         Column(name="carrier", type="string", required=True),
        ...         Column(name="flight", type="int", required=True),
        ...         Column(name="month", type="int", required=True),
        ...     ],
        ...     primary_key=["carrier", "flight"],
        ...     partition_keys=["month"],
        ... )
    """

    name: str
    columns: tuple[Column, ...] = field(converter=_columns)
    primary_key: tuple[str, ...] = field(default=(), converter=_names)
    partition_keys: tuple[str, ...] = field(default=(), converter=_names)
    partitioning: tuple[PartitionTransform, ...] = field(default=(), converter=as_tuple)
    format: DatasetFormat = field(default=DatasetFormat.JSON, converter=DatasetFormat)
    delimiter: str = ","
    description: str | None = None
    classification: str | None = None
    version: str = "1.0.0"
    quality: tuple[QualityRule, ...] = field(default=(), converter=as_tuple)
    relationships: tuple[Relationship, ...] = field(default=(), converter=as_tuple)
    service_levels: ServiceLevels = field(factory=ServiceLevels)
    roles: tuple[AccessRole, ...] = field(default=(), converter=as_tuple)
    placements: tuple[Placement, ...] = field(default=(), converter=as_tuple)
    governance: Governance = field(factory=Governance)
    notes: tuple[Note, ...] = field(default=(), converter=as_tuple)

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return self._by_name[name]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of all columns, in the order of the table."""
        return tuple(column.name for column in self.columns)

    @property
    def partition_columns(self) -> tuple[Column, ...]:
        """The partition keys as columns, outermost first."""
        return tuple(self.column(key) for key in self.partition_keys)

    @property
    def data_columns(self) -> tuple[Column, ...]:
        """The columns that are inside the files: all but the partition keys."""
        return tuple(column for column in self.columns if column.name not in self.partition_keys)

    @property
    def classifications(self) -> Classifications:
        """Classification levels that apply to the dataset."""
        return self.columns[0].classifications

    @property
    def restricted_columns(self) -> tuple[Column, ...]:
        """The columns that few may see."""
        return tuple(column for column in self.columns if column.restricted)

    def masked(self) -> Dataset:
        """Return the dataset as those see it who may not see its restricted columns; itself if it has none.

        A primary key stays one if what is restricted of it is hashed: redacted or dropped, it identifies no row.
        Quality rules stay with the full data, and so do relationships of restricted columns.

        Raises
        ------
        ContractError
            If a partition key is restricted, or no column but partition keys is left.
        """
        restricted = {column.name: column for column in self.restricted_columns}
        if not restricted:
            return self
        refuse_restricted_folders(self.name, self.partition_columns)
        columns = [masked for column in self.columns if (masked := column.masked())]
        if len(columns) == len(self.partition_keys):
            raise ContractError(
                f"masking drops every column of dataset '{self.name}' but its partition keys; "
                f"hash or redact one of {', '.join(restricted)} instead"
            )
        # attrs' converters confuse mypy about sequences that are no literals.
        kept: Any = tuple(one for one in self.relationships if restricted.keys().isdisjoint(one.columns))
        partitioning: Any = tuple(one for one in self.partitioning if one.column not in restricted)
        judge = self.classifications
        tags = tuple(tag for tag in self.governance.tags if judge.verdict(tag) is not Verdict.RESTRICTED)
        identified = all(restricted[key].masking is Masking.HASH for key in self.primary_key if key in restricted)
        return evolve(
            self,
            columns=columns,
            primary_key=self.primary_key if identified else (),
            quality=(),
            relationships=kept,
            partitioning=partitioning,
            classification="masked" if judge.restricts(self.classification) else self.classification,
            governance=evolve(self.governance, tags=tags),
        )

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def __attrs_post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ContractError(
                f"dataset name '{self.name}' is not valid in the catalog: use lower case letters, digits and "
                "underscores, not starting with a digit, at most 255"
            )
        names = self.column_names
        if not names:
            raise ContractError(f"dataset '{self.name}' has no columns; declare at least one")
        if self.classifications.restricts(self.classification):
            object.__setattr__(self, "columns", tuple(inherited(self.columns, self.classification)))
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise ContractError(f"dataset '{self.name}' has two columns named '{twice[0]}'; rename one")
        for what, keys in (("partition key", self.partition_keys), ("primary key", self.primary_key)):
            for key in keys:
                if key not in self._by_name:
                    raise ContractError(
                        f"{what} '{key}' of dataset '{self.name}' is not a column; its columns are {', '.join(names)}"
                    )
            if len(set(keys)) != len(keys):
                raise ContractError(f"dataset '{self.name}' names a {what} twice: {', '.join(keys)}")
        check_partitioning(self.name, self.columns, self.partitioning)
        for column in self.partition_columns:
            if not column.partitionable:
                raise ContractError(
                    f"partition key '{column.name}' of dataset '{self.name}' is a {column.type}; "
                    "a folder's name can be made of a string, a whole number or a date"
                )
        if not self.data_columns:
            raise ContractError(f"every column of dataset '{self.name}' is a partition key; files need one column")


def inherited(columns: Iterable[Column], classification: str | None) -> Iterator[Column]:
    """Yield columns of which those that say nothing about who may see them are classified as their dataset is."""
    for column in columns:
        yield column if column.classified else evolve(column, classification=classification)


def refuse_restricted_folders(dataset: str, keys: Iterable[Column]) -> None:
    """Refuse restricted columns as names of folders.

    Raises
    ------
    ContractError
        With the column and the ways out.
    """
    for key in keys:
        if key.restricted:
            raise ContractError(
                f"partition key '{key.name}' of dataset '{dataset}' is {key.classification}, but its values would be "
                "in the names of folders, which every reader sees; partition by another column, or set its masking to "
                "'none' if they may be seen"
            )
