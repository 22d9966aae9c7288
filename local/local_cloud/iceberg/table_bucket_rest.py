"""Iceberg's REST API over table buckets, as S3 Tables serves it at `/iceberg`.

A table is created at once, where S3 has room for it, and dropped with its files; nothing is registered, staged or
reported: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-integrating-open-source.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pyiceberg.exceptions import NoSuchTableError
from werkzeug.wrappers import Request

from local_cloud.iceberg.rest import IcebergRest, offered, routes
from local_cloud.iceberg.table_bucket import TableBucketCatalog

_ABSENT = ("register_table", "take_metrics")


class TableBucketRest(IcebergRest):
    """The API over one table bucket, whose ARN is the warehouse."""

    # The slash of an ARN is encoded, and is one again when the path arrives.
    map = routes("<path:catalog>", but=_ABSENT)

    def open(self, request: Request, catalog: str) -> TableBucketCatalog:
        arn = catalog or request.args.get("warehouse", "")
        if not is_table_bucket(arn):
            raise ValueError(f"the warehouse must be the ARN of a table bucket, got '{arn}'")
        return TableBucketCatalog(self._runtime, self._region, arn, role=self._role)

    def _config(self, request: Request) -> dict[str, Any]:
        self._catalog.check()
        prefix = quote(request.args["warehouse"], safe="")
        return {"defaults": {}, "overrides": {"prefix": prefix}, "endpoints": list(offered(but=_ABSENT))}

    def _load_table(self, request: Request, namespace: str, name: str) -> dict[str, Any] | None:
        if request.method != "HEAD":
            return super()._load_table(request, namespace, name)
        # A table that S3 Tables has made without metadata exists, although it cannot be loaded.
        if not self._catalog.table_exists((namespace, name)):
            raise NoSuchTableError(f"no such table: {namespace}.{name}")
        return None


def is_table_bucket(name: str) -> bool:
    """Tell whether a catalog's name is the ARN of a table bucket."""
    return name.startswith("arn:") and name.split(":")[2:3] == ["s3tables"]
