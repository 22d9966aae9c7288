"""Catalogs beside Glue's own: a table bucket of S3 Tables is the catalog `s3tablescatalog/<table bucket>`.

A database there is known by the path that Glue's ARNs give it, `s3tablescatalog/<table bucket>/<namespace>`:
https://docs.aws.amazon.com/glue/latest/dg/s3tables-catalog-prerequisites.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from local_cloud.errors import LocalCloudError

OWN = "awsdatacatalog"
_TABLE_BUCKETS = "s3tablescatalog"
_TABLE_BUCKET = re.compile(rf"{_TABLE_BUCKETS}/([^/]+)")
_NAMESPACE = re.compile(rf"{_TABLE_BUCKETS}/([^/]+)/([^/]+)")


def check_catalog(name: str) -> None:
    """Refuse a catalog that is neither Glue's own nor a table bucket's.

    Raises
    ------
    LocalCloudError
        If the name is another's.
    """
    if name and name.lower() != OWN and not _TABLE_BUCKET.fullmatch(name.lower()):
        raise LocalCloudError(
            f"NOT_SUPPORTED: the catalog {name!r} is not served locally, only 'AwsDataCatalog' and "
            f"'{_TABLE_BUCKETS}/TABLE_BUCKET'"
        )


def qualify(tree: exp.Expr) -> None:
    """Make the catalogs that a statement names a part of the databases that it names, in place.

    Raises
    ------
    LocalCloudError
        If a catalog is not served here, or a database has a name that none has.
    """
    for named in _named(tree):
        check_catalog(named.catalog)
        if "/" in named.db:
            raise LocalCloudError(f"SCHEMA_NOT_FOUND: line 1:1: Schema '{named.db}' does not exist")
        if named.catalog:
            named.set("db", exp.to_identifier(f"{named.catalog}/{named.db}".lower(), quoted=True))
            named.set("catalog", None)


def _named(tree: exp.Expr) -> Iterator[exp.Table | exp.Column]:
    yield from tree.find_all(exp.Table)
    yield from tree.find_all(exp.Column)


def database_of(schema: str, context: str) -> str:
    """Return the database that a name in a qualified statement stands for.

    Parameters
    ----------
    schema: str
        The name, in lower case, or nothing.
    context: str
        The database in which names without one are looked up, and in whose catalog those without a catalog are.
    """
    if not schema:
        return context
    if schema.startswith(f"{OWN}/"):
        return schema.removeprefix(f"{OWN}/")
    if "/" in schema or not is_table_bucket(context):
        return schema
    return f"{context.rpartition('/')[0]}/{schema}"


def context_of(catalog: str, database: str) -> str:
    """Return the database of a query's context.

    Raises
    ------
    LocalCloudError
        If the catalog is not served here.
    """
    check_catalog(catalog)
    return database_of(f"{catalog or OWN}/{database}".lower(), "")


def in_glue(query: exp.Expr) -> None:
    """Leave the name of Glue's own catalog out of a qualified query that is stored, in place.

    Raises
    ------
    LocalCloudError
        If the query reads a table bucket.
    """
    for named in _named(query):
        if "/" in named.db:
            database = database_of(named.db, "")
            only_glue(database, "a view of tables")
            named.set("db", exp.to_identifier(database, quoted=True))


def is_table_bucket(database: str) -> bool:
    """Tell whether a database is a namespace of a table bucket."""
    return _NAMESPACE.fullmatch(database) is not None


def place_of(database: str) -> tuple[str, str] | None:
    """Return the table bucket and the namespace that a database is; None if it is one of Glue's own catalog."""
    found = _NAMESPACE.fullmatch(database)
    return (found[1], found[2]) if found else None


def full_name(database: str, name: str) -> str:
    """Return the name of a table as Trino's messages have it."""
    place = place_of(database)
    catalog, schema = (f"{_TABLE_BUCKETS}/{place[0]}", place[1]) if place else (OWN, database)
    return f"{catalog}.{schema}.{name}"


def only_glue(database: str, what: str) -> None:
    """Refuse what a statement does in a table bucket.

    Raises
    ------
    LocalCloudError
        If the database is a namespace of one.
    """
    if is_table_bucket(database):
        catalog = database.rpartition("/")[0]
        raise LocalCloudError(
            f"NOT_SUPPORTED: {what} in the catalog '{catalog}' is not reproduced locally, only SELECT, INSERT, UPDATE, "
            "DELETE and MERGE are"
        )
