"""Protocol of a database, as its tables use it."""

from __future__ import annotations

from typing import Protocol

from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from lake_blueprints.catalog.table_location import Access, TableLocation
from lake_blueprints.storage.s3 import Zone


class TableOwner(IConstruct, Protocol):
    """A `Database`, which its tables need without importing it."""

    zone: Zone
    database_name: str
    resource: glue.CfnDatabase

    def claim(self, table_name: str) -> str:
        """Return a table's name if it is valid and no other table of this database has it."""
        ...

    def add_entry(self, entry: TableLocation, *, zone: Zone | None = None) -> None:
        """Make tables part of the grants on their data, in the database's zone unless another is named."""
        ...

    def grant_entry(
        self, grantee: iam.IGrantable, entry: TableLocation, access: Access, *, before: Construct | None = None
    ) -> iam.Grant:
        """Allow the access of a job to a table's entry, or that of `before` as soon as it is created."""
        ...

    def grant_schema(self, grantee: iam.IGrantable, entry: TableLocation, *, before: Construct) -> iam.Grant:
        """Allow reading the columns of a table."""
        ...
