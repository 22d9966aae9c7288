"""Inventories of buckets: the lists, their manifests, and what Hive reads them by.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend

from local_cloud.engines.engine import Engine
from local_cloud.engines.inventory.report import CURRENT, FIELDS, VERSIONS, parquet
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime

_put = S3Backend.put_bucket_inventory_configuration


class InventoryEngine(Engine):
    """Writes a report of each inventory whose bucket holds something else than at the last one."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._listed: dict[tuple[str, str], str] = {}

    def patches(self) -> Patches:
        patches = Patches()

        @patches.replace("moto.s3.models", "S3Backend.put_bucket_inventory_configuration")
        def put_bucket_inventory_configuration(
            self: Any, bucket_name: str, inventory_configuration: dict[str, Any]
        ) -> None:
            _check(inventory_configuration)
            _put(self, bucket_name, inventory_configuration)
            # moto does not keep it.
            stored = self.get_bucket(bucket_name).inventory_configs[inventory_configuration["Id"]]
            stored.included_versions = inventory_configuration.get("IncludedObjectVersions", "All")

        return patches

    def drain(self) -> None:
        """Write the reports, however long ago S3 would have written one."""
        objects = self.runtime.objects
        for bucket in objects.buckets():
            for configuration in objects.inventories(bucket):
                if str(configuration.is_enabled).lower() == "true":
                    self._report(bucket, configuration)

    def _report(self, bucket: str, configuration: Any) -> None:
        current = getattr(configuration, "included_versions", "All") == "Current"
        found = [
            one
            for one in self.runtime.objects.versions(bucket, (configuration.filters or {}).get("Prefix") or "")
            if not current or (one.is_latest and not one.is_delete_marker)
        ]
        digest = hashlib.sha256(repr(found).encode()).hexdigest()
        if not found or self._listed.get((bucket, configuration.id)) == digest:
            return
        columns = (*(CURRENT if current else VERSIONS), *_fields(configuration.optional_fields))
        self._write(bucket, configuration, parquet(found, columns), columns)
        self._listed[(bucket, configuration.id)] = digest

    def _write(self, bucket: str, configuration: Any, content: bytes, columns: tuple[str, ...]) -> None:
        destination = configuration.destination["S3BucketDestination"]
        target = destination["Bucket"].rpartition(":")[2]
        prefix = f"{destination['Prefix']}/" if destination.get("Prefix") else ""
        folder = f"{prefix}{bucket}/{configuration.id}"
        # S3 begins its reports at full hours.
        begun = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        checksum = hashlib.md5(content).hexdigest()
        data = f"{folder}/data/{checksum}.parquet"
        manifest = {
            "sourceBucket": bucket,
            "destinationBucket": destination["Bucket"],
            "version": "2016-11-30",
            "creationTimestamp": str(int(begun.timestamp() * 1000)),
            "fileFormat": "Parquet",
            "fileSchema": f"message s3.inventory {{ {'; '.join(columns)} }}",
            "files": [{"key": data, "size": len(content), "MD5checksum": checksum}],
        }
        text = json.dumps(manifest).encode()
        written = {
            data: content,
            f"{folder}/{begun:%Y-%m-%dT%H-%MZ}/manifest.json": text,
            f"{folder}/{begun:%Y-%m-%dT%H-%MZ}/manifest.checksum": hashlib.md5(text).hexdigest().encode(),
            f"{folder}/hive/dt={begun:%Y-%m-%d-%H-%M}/symlink.txt": f"s3://{target}/{data}\n".encode(),
        }
        for key, body in written.items():
            self.runtime.objects.write(f"s3://{target}/{key}", body)


def _fields(given: Any) -> list[str]:
    """Return the optional fields of a configuration, of which moto keeps one as a text and several as a list."""
    found = (given or {}).get("Field", []) if isinstance(given, dict) else given or []
    return [found] if isinstance(found, str) else list(found)


def _check(configuration: dict[str, Any]) -> None:
    kind = configuration["Destination"]["S3BucketDestination"]["Format"]
    unknown = sorted(set(_fields(configuration.get("OptionalFields"))) - FIELDS.keys())
    if kind != "Parquet":
        raise S3ClientError("NotImplemented", f"the local cloud writes inventories in Parquet, not in {kind}")
    if unknown:
        raise S3ClientError("NotImplemented", f"the local cloud lists no {', '.join(unknown)} in inventories")
