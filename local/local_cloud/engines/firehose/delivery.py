"""One delivery: from a buffer's records to the S3 objects that they become."""

from __future__ import annotations

import gzip
import io
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from local_cloud.engines.firehose.conversion import Conversion
from local_cloud.engines.firehose.prefixes import evaluate_error_prefix, evaluate_prefix, partition_keys
from local_cloud.engines.firehose.processing import LambdaClient, process
from local_cloud.engines.firehose.records import METADATA_EXTRACTION, PROCESSING, Failure, Record
from local_cloud.engines.firehose.settings import Destination
from local_cloud.errors import LocalCloudError

# The quota of a stream, unless AWS is asked for more.
_ACTIVE_PARTITIONS = 500
_FASTEST = 1


@dataclass(frozen=True, kw_only=True)
class OutputObject:
    uri: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Delivery of one stream: records become objects, which are not written here.

    Parameters
    ----------
    name: str
        The stream's name and version, with which object names begin.
    destination: Destination
        What is deployed.
    conversion: Conversion | None
        How records become files of a column format, if they do.
    client: LambdaClient
        Where transformations are invoked.
    context: Mapping[str, str]
        ARN and Region passed to transformations.
    """

    name: str
    destination: Destination
    conversion: Conversion | None
    client: LambdaClient
    context: Mapping[str, str]

    def objects(self, records: Sequence[Record]) -> list[OutputObject]:
        """Return the objects for the records; every record is in one of them, unless it was dropped."""
        passed, failures = process(records, self.destination, client=self.client, context=self.context)
        found = []
        partitions, unplaced = self._partitions(passed)
        failures += unplaced
        for (query_keys, lambda_keys), members in partitions.items():
            content, failed = self._content(members)
            failures += failed
            if content is not None:
                time = self.destination.local_time(min(record.arrived for record in members))
                prefix = evaluate_prefix(
                    self.destination.prefix, time, query_keys=dict(query_keys), lambda_keys=dict(lambda_keys)
                )
                name = f"{self.name}-{time:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{self.destination.extension}"
                found.append(OutputObject(uri=f"s3://{self.destination.bucket}/{prefix}{name}", content=content))
        return found + self._failed(failures)

    def _partitions(self, records: Sequence[Record]) -> tuple[dict[_Keys, list[Record]], list[Failure]]:
        wanted_query = partition_keys(self.destination.prefix, "partitionKeyFromQuery")
        wanted_lambda = partition_keys(self.destination.prefix, "partitionKeyFromLambda")
        partitions: dict[_Keys, list[Record]] = {}
        failures = []
        for record in records:
            try:
                keys = (_chosen(wanted_query, record.query_keys), _chosen(wanted_lambda, record.lambda_keys))
            except LocalCloudError as error:
                code = "DynamicPartitioning.MetadataExtractionFailed"
                failures.append(Failure(kind=METADATA_EXTRACTION, code=code, message=str(error), record=record))
                continue
            if keys not in partitions and len(partitions) == _ACTIVE_PARTITIONS:
                code = "DynamicPartitioning.ActivePartitionsLimitExceeded"
                message = f"more than {_ACTIVE_PARTITIONS} partitions are active"
                failures.append(Failure(kind=PROCESSING, code=code, message=message, record=record))
                continue
            partitions.setdefault(keys, []).append(record)
        return partitions, failures

    def _content(self, records: Sequence[Record]) -> tuple[bytes | None, list[Failure]]:
        if self.conversion:
            return self.conversion.convert(records)
        return self.compressed(b"".join(record.data for record in records)), []

    def compressed(self, content: bytes) -> bytes:
        """Return the content of an object as the destination compresses it."""
        if self.destination.compression == "GZIP":
            return gzip.compress(content, _FASTEST)
        if self.destination.compression == "ZIP":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(self.name, content)
            return buffer.getvalue()
        return content

    def finished(self, found: OutputObject) -> OutputObject:
        """Return an object of a backup as the destination compresses it."""
        return OutputObject(uri=f"{found.uri}{self.destination.extension}", content=self.compressed(found.content))

    def _failed(self, failures: Sequence[Failure]) -> list[OutputObject]:
        found = []
        for kind, members in groupby(sorted(failures, key=lambda failure: failure.kind), key=lambda f: f.kind):
            documents = list(members)
            time = self.destination.local_time(min(failure.record.arrived for failure in documents))
            prefix = evaluate_error_prefix(self.destination.error_prefix, time, kind)
            name = f"{self.name}-{time:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
            content = "".join(failure.document() for failure in documents).encode()
            found.append(OutputObject(uri=f"s3://{self.destination.bucket}/{prefix}{name}", content=content))
        return found


_Keys = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]


def _chosen(wanted: set[str], found: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    missing = wanted - found.keys()
    if missing:
        raise LocalCloudError(f"partition key {', '.join(sorted(missing))} is missing")
    return tuple((name, str(found[name])) for name in sorted(wanted))
