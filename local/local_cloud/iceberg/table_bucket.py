"""Iceberg tables of one table bucket of S3 Tables, whose API knows where the newest metadata of each lies.

Above 200 lines: one method for each operation of pyiceberg's catalogs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from pyiceberg.catalog import MetastoreCatalog
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NamespaceNotEmptyError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io import FileIO
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.typedef import EMPTY_DICT, Identifier, Properties

from local_cloud.iceberg.commits import commit_of
from local_cloud.iceberg.object_io import ObjectIO
from local_cloud.server.runtime import Runtime


class TableBucketCatalog(MetastoreCatalog, NoopCatalog):
    """The tables of a table bucket, under a role if one is given.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    region: str
        Region of the table bucket.
    arn: str
        ARN of the table bucket.
    role: str, optional
        Role under which S3 Tables is called. By default the calls are not recorded.
    """

    def __init__(self, runtime: Runtime, region: str, arn: str, *, role: str | None = None) -> None:
        super().__init__("s3tables")
        self._s3tables = runtime.client("s3tables", region, role=role)
        self._objects = runtime.objects_of(role)
        self.arn = arn
        self._bucket = {"tableBucketARN": arn}

    def check(self) -> None:
        """Do nothing if there is such a table bucket.

        Raises
        ------
        NoSuchNamespaceError
            If there is none.
        """
        with _answered(NotFoundException=NoSuchNamespaceError):
            self._s3tables.get_table_bucket(**self._bucket)

    def list_namespaces(self, namespace: str | Identifier = ()) -> list[Identifier]:
        pages = self._s3tables.get_paginator("list_namespaces").paginate(**self._bucket)
        return [tuple(one["namespace"]) for page in pages for one in page["namespaces"]]

    def create_namespace(self, namespace: str | Identifier, properties: Properties = EMPTY_DICT) -> None:
        (name,) = self.identifier_to_tuple(namespace)
        with _answered(ConflictException=NamespaceAlreadyExistsError):
            self._s3tables.create_namespace(**self._bucket, namespace=[name])

    def load_namespace_properties(self, namespace: str | Identifier) -> Properties:
        (name,) = self.identifier_to_tuple(namespace)
        with _answered(NotFoundException=NoSuchNamespaceError):
            self._s3tables.get_namespace(**self._bucket, namespace=name)
        return {}

    def drop_namespace(self, namespace: str | Identifier) -> None:
        (name,) = self.identifier_to_tuple(namespace)
        with _answered(NotFoundException=NoSuchNamespaceError, ConflictException=NamespaceNotEmptyError):
            self._s3tables.delete_namespace(**self._bucket, namespace=name)

    def list_tables(self, namespace: str | Identifier) -> list[Identifier]:
        (name,) = self.identifier_to_tuple(namespace)
        with _answered(NotFoundException=NoSuchNamespaceError):
            pages = self._s3tables.get_paginator("list_tables").paginate(**self._bucket, namespace=name)
            return [(name, one["name"]) for page in pages for one in page["tables"]]

    def table_exists(self, identifier: str | Identifier) -> bool:
        try:
            with _answered(NotFoundException=NoSuchTableError):
                self._s3tables.get_table(**self._of(identifier))
        except NoSuchTableError:
            return False
        return True

    def load_table(self, identifier: str | Identifier) -> Table:
        found = self._loaded(self.identifier_to_tuple(identifier), self._location(identifier))
        if found is None:
            raise NoSuchTableError(f"table {'.'.join(self.identifier_to_tuple(identifier))} has no metadata yet")
        return found

    def create_table(  # noqa: PLR0917  pyiceberg's signature
        self,
        identifier: str | Identifier,
        schema: Any,
        location: str | None = None,
        partition_spec: PartitionSpec = UNPARTITIONED_PARTITION_SPEC,
        sort_order: SortOrder = UNSORTED_SORT_ORDER,
        properties: Properties = EMPTY_DICT,
    ) -> Table:
        if location:
            raise NotImplementedError("S3 Tables chooses where a table lies; leave the location out")
        (namespace, name) = self.identifier_to_tuple(identifier)
        with _answered(NotFoundException=NoSuchNamespaceError, ConflictException=TableAlreadyExistsError):
            self._s3tables.create_table(**self._bucket, namespace=namespace, name=name, format="ICEBERG")
        state = self._location(identifier)
        where = state["warehouseLocation"]
        staged = self._create_staged_table(identifier, schema, where, partition_spec, sort_order, properties)
        self._point_to(identifier, state, staged)
        return self.load_table(identifier)

    def stage(self, *_: Any, **__: Any) -> StagedTable:
        """Refuse a table that is created by a later commit.

        Raises
        ------
        NotImplementedError
            Always, as S3 Tables does.
        """
        raise NotImplementedError("S3 Tables does not support stage-create; create the table, then write to it")

    def drop_table(self, identifier: str | Identifier) -> None:
        raise ValueError("S3 Tables deletes a table with its files only; ask for it with purgeRequested=true")

    def purge_table(self, identifier: str | Identifier) -> None:
        with _answered(NotFoundException=NoSuchTableError):
            self._s3tables.delete_table(**self._of(identifier))

    def rename_table(self, from_identifier: str | Identifier, to_identifier: str | Identifier) -> Table:
        namespace, name = self.identifier_to_tuple(to_identifier)
        with _answered(NotFoundException=NoSuchTableError, ConflictException=TableAlreadyExistsError):
            self._s3tables.rename_table(**self._of(from_identifier), newNamespaceName=namespace, newName=name)
        return self.load_table(to_identifier)

    def apply(
        self,
        namespace: str,
        name: str,
        *,
        requirements: Sequence[Mapping[str, Any]] = (),
        updates: Sequence[Mapping[str, Any]],
    ) -> Table:
        """Change a table by requirements and updates of Iceberg's REST specification, and return it.

        Raises
        ------
        CommitFailedException
            If a requirement does not hold, or the table was changed meanwhile.
        ValidationError
            If an update is one that the specification does not have, or pyiceberg does not know.
        """
        commit = commit_of(namespace, name, requirements, updates)
        self._commit((namespace, name), commit.requirements, commit.updates)
        return self.load_table((namespace, name))

    def _commit(self, identifier: Identifier, requirements: tuple[Any, ...], updates: tuple[Any, ...]) -> Table:
        state = self._location(identifier)
        current = self._loaded(identifier, state)
        staged = self._update_and_stage_table(current, identifier, requirements, updates)
        if current and staged.metadata == current.metadata:
            return current
        self._point_to(identifier, state, staged)
        return staged

    def _point_to(self, identifier: str | Identifier, state: Mapping[str, Any], staged: StagedTable) -> None:
        """Write metadata, and make it the table's unless another has become so meanwhile."""
        self._write_metadata(staged.metadata, staged.io, staged.metadata_location)
        with _answered(ConflictException=CommitFailedException):
            self._s3tables.update_table_metadata_location(
                **self._of(identifier), versionToken=state["versionToken"], metadataLocation=staged.metadata_location
            )

    def _location(self, identifier: str | Identifier) -> dict[str, Any]:
        with _answered(NotFoundException=NoSuchTableError):
            found: dict[str, Any] = self._s3tables.get_table_metadata_location(**self._of(identifier))
            return found

    def _loaded(self, identifier: Identifier, state: Mapping[str, Any]) -> Table | None:
        location = state.get("metadataLocation")
        if not location:
            return None
        io = self._load_file_io()
        metadata = FromInputFile.table_metadata(io.new_input(location))
        return Table(identifier=identifier, metadata=metadata, metadata_location=location, io=io, catalog=self)

    def _of(self, identifier: str | Identifier) -> dict[str, str]:
        namespace, name = self.identifier_to_tuple(identifier)
        return {**self._bucket, "namespace": namespace, "name": name}

    def _load_file_io(self, properties: Properties = EMPTY_DICT, location: str | None = None) -> FileIO:
        return ObjectIO(self._objects)


@contextmanager
def _answered(**errors: type[Exception]) -> Iterator[None]:
    """Raise errors of S3 Tables as those of Iceberg."""
    try:
        yield
    except ClientError as error:
        kind = errors.get(error.response["Error"]["Code"], ValueError)
        raise kind(error.response["Error"]["Message"]) from None
