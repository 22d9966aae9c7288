"""The S3 destination of a delivery stream, as it was deployed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from local_cloud.engines.firehose.prefixes import evaluate_error_prefix, evaluate_prefix, partition_keys
from local_cloud.errors import LocalCloudError

MEBIBYTE = 1024 * 1024
# The order in which Firehose works, whatever the order in the configuration.
PROCESSOR_ORDER = ("RecordDeAggregation", "Lambda", "MetadataExtraction", "AppendDelimiterToRecord")
_EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz", "ZIP": ".zip"}


@dataclass(frozen=True, kw_only=True)
class Processor:
    kind: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Destination of a delivery stream, as its settings describe it."""

    routes_records = False
    """Whether metadata extraction finds the table of a record, and not its partition keys."""

    role: str | None
    bucket: str
    prefix: str
    error_prefix: str
    time_zone: ZoneInfo
    compression: str
    extension: str
    buffer_bytes: int
    buffer_seconds: int
    partitioned: bool
    processors: tuple[Processor, ...]
    conversion: Mapping[str, Any] | None

    @property
    def role_of_objects(self) -> str | None:
        """Role under which objects are written."""
        return self.role

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> Destination:
        """Read an ExtendedS3DestinationConfiguration.

        Raises
        ------
        LocalCloudError
            For what the local cloud cannot do: better at deployment than as records that never arrive.
        """
        conversion = configuration.get("DataFormatConversionConfiguration")
        # Enabled is true where it is left out.
        conversion = conversion if conversion and conversion.get("Enabled", True) else None
        partitioned = bool((configuration.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))
        hints = configuration.get("BufferingHints") or {}
        compression = configuration.get("CompressionFormat") or "UNCOMPRESSED"
        if compression not in _EXTENSIONS:
            raise LocalCloudError(f"CompressionFormat {compression} cannot be written, only {', '.join(_EXTENSIONS)}")
        if configuration.get("S3BackupMode") == "Enabled":
            raise LocalCloudError("S3BackupMode Enabled is not run by the local cloud; use Disabled")
        extension = _converted_extension(conversion) if conversion else _EXTENSIONS[compression]
        destination = cls(
            role=configuration.get("RoleARN"),
            bucket=configuration["BucketARN"].split(":")[-1],
            prefix=configuration.get("Prefix") or "",
            error_prefix=configuration.get("ErrorOutputPrefix") or "",
            time_zone=ZoneInfo(configuration.get("CustomTimeZone") or "UTC"),
            compression=compression,
            extension=configuration.get("FileExtension") or extension,
            buffer_bytes=int(hints.get("SizeInMBs") or (128 if conversion or partitioned else 5)) * MEBIBYTE,
            buffer_seconds=int(hints.get("IntervalInSeconds", 300)),
            partitioned=partitioned,
            processors=_processors(configuration),
            conversion=conversion,
        )
        destination._try_prefixes()
        return destination

    def processor(self, kind: str) -> Processor | None:
        return next((processor for processor in self.processors if processor.kind == kind), None)

    def local_time(self, arrived: int) -> datetime:
        """Return the time, given in milliseconds, in the destination's time zone."""
        return datetime.fromtimestamp(arrived / 1000, tz=self.time_zone)

    def _try_prefixes(self) -> None:
        keys = {
            namespace: dict.fromkeys(partition_keys(self.prefix, namespace), "x")
            for namespace in ("partitionKeyFromQuery", "partitionKeyFromLambda")
        }
        now = datetime.now(UTC)
        evaluate_prefix(
            self.prefix,
            now,
            query_keys=keys["partitionKeyFromQuery"],
            lambda_keys=keys["partitionKeyFromLambda"],
        )
        evaluate_error_prefix(self.error_prefix, now, "processing-failed")


def _processors(configuration: Mapping[str, Any]) -> tuple[Processor, ...]:
    processing = configuration.get("ProcessingConfiguration") or {}
    found = []
    for entry in (processing.get("Processors") or []) if processing.get("Enabled") else []:
        if entry["Type"] not in PROCESSOR_ORDER:
            raise LocalCloudError(
                f"processor {entry['Type']} is not run by the local cloud: {', '.join(PROCESSOR_ORDER)}"
            )
        parameters = {item["ParameterName"]: item["ParameterValue"] for item in entry.get("Parameters") or []}
        found.append(Processor(kind=entry["Type"], parameters=parameters))
    return tuple(sorted(found, key=lambda processor: PROCESSOR_ORDER.index(processor.kind)))


def _converted_extension(conversion: Mapping[str, Any]) -> str:
    serializer = conversion["OutputFormatConfiguration"]["Serializer"]
    return ".orc" if "OrcSerDe" in serializer else ".parquet"
