"""CreateTable with a schema, refused names and deletions, and Iceberg's REST API over table buckets at `/iceberg`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from moto.core.common_types import TYPE_RESPONSE
from moto.s3tables.exceptions import BadRequestException, ConflictException
from moto.s3tables.models import FakeTableBucket, Namespace, S3TablesBackend, Table, s3tables_backends
from moto.s3tables.responses import S3TablesResponse

from local_cloud.engines.engine import Engine
from local_cloud.server.patching import Patches
from local_cloud.server.signatures import signature_of
from template_checks.limits import s3_tables as limits

_create_table_bucket = S3TablesBackend.create_table_bucket
_create_namespace = S3TablesBackend.create_namespace
_create_table = S3TablesBackend.create_table
_answer_create_table = S3TablesResponse.create_table
_delete_table_bucket = S3TablesBackend.delete_table_bucket
_delete_namespace = S3TablesBackend.delete_namespace


class S3TablesEngine(Engine):
    """Writes the metadata of tables."""

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.s3tables.responses", "S3TablesResponse.s3tables_backend")
        def s3tables_backend(self: Any) -> S3TablesBackend:
            # moto knows three Regions of the service, and botocore none.
            backends = s3tables_backends[self.current_account]
            if self.region not in backends:
                backends.regions.append(self.region)
            return backends[self.region]

        @patches.replace("moto.s3tables.responses", "S3TablesResponse.create_table")
        def answer_create_table(self: Any) -> TYPE_RESPONSE:
            answer = _answer_create_table(self)
            metadata = (json.loads(self.body).get("metadata") or {}).get("iceberg")
            if metadata is not None:
                engine._describe(self, metadata)
            return answer

        @patches.replace("moto.s3tables.models", "S3TablesBackend.create_table_bucket")
        def create_table_bucket(self: Any, name: str) -> FakeTableBucket:
            _check_name(limits.TABLE_BUCKET_NAME, name)
            return _create_table_bucket(self, name)

        @patches.replace("moto.s3tables.models", "S3TablesBackend.create_namespace")
        def create_namespace(self: Any, table_bucket_arn: str, namespace: str) -> Namespace:
            _check_name(limits.NAME, namespace)
            return _create_namespace(self, table_bucket_arn, namespace)

        @patches.replace("moto.s3tables.models", "S3TablesBackend.create_table")
        def create_table(self: Any, table_bucket_arn: str, namespace: str, name: str, format: Any) -> Table:
            _check_name(limits.NAME, name)
            return _create_table(self, table_bucket_arn, namespace, name, format)

        @patches.replace("moto.s3tables.models", "S3TablesBackend.delete_table_bucket")
        def delete_table_bucket(self: Any, table_bucket_arn: str) -> None:
            if self.get_table_bucket(table_bucket_arn).namespaces:
                raise ConflictException("The bucket that you tried to delete is not empty.")
            _delete_table_bucket(self, table_bucket_arn)

        @patches.replace("moto.s3tables.models", "S3TablesBackend.delete_namespace")
        def delete_namespace(self: Any, table_bucket_arn: str, namespace: str) -> None:
            if self.get_namespace(table_bucket_arn, namespace).tables:
                raise ConflictException("The namespace that you tried to delete is not empty.")
            _delete_namespace(self, table_bucket_arn, namespace)

        return patches

    def applications(self) -> Mapping[tuple[str, str], Callable[..., Iterable[bytes]]]:
        # pyiceberg takes a second to import, which a cloud without Iceberg tables need not wait for.
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            from local_cloud.iceberg.table_bucket_rest import TableBucketRest  # noqa: PLC0415

            signature: Any = signature_of(environ)
            return TableBucketRest(self.runtime, signature.region, key=signature.key)(environ, start_response)

        return {("s3tables", "/iceberg/"): answer}

    def _describe(self, response: Any, metadata: dict[str, Any]) -> None:
        """Write the first metadata of a table, which is not made if it is no Iceberg table's."""
        from local_cloud.iceberg.table_bucket import TableBucketCatalog  # noqa: PLC0415
        from local_cloud.iceberg.table_metadata import created  # noqa: PLC0415

        _, arn, namespace = (unquote(part) for part in response.raw_path.lstrip("/").split("/"))
        name = json.loads(response.body)["name"]
        backend: S3TablesBackend = response.s3tables_backend
        location = backend.get_table(arn, namespace, name).warehouse_location
        role = self.runtime.recording.role_of(response.headers.get("Authorization", ""))
        try:
            updates = created(metadata, location)
            TableBucketCatalog(self.runtime, response.region, arn, role=role).apply(namespace, name, updates=updates)
        except (ValueError, KeyError) as error:
            backend.delete_table(arn, namespace, name)
            raise BadRequestException(f"The table's metadata is not valid: {error}") from None


def _check_name(pattern: str, name: str) -> None:
    if not re.fullmatch(pattern, name):
        raise BadRequestException(f"The specified name is not valid: {name}")
