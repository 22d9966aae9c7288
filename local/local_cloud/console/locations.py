"""Places in S3 that jobs and delivery streams are deployed with: the only trace of where an app keeps what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from local_cloud.console.request import Request

_DYNAMIC = "!{"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A prefix in S3: its URI, the resource that is deployed with it, and the name of the argument."""

    uri: str
    owner: str
    argument: str


def locations(request: Request) -> list[Location]:
    """Return the S3 URIs among the arguments of Glue jobs and their runs, and the error prefixes of Firehose."""
    found = {location.uri: location for location in (*_of_jobs(request), *_of_deliveries(request))}
    return sorted(found.values(), key=lambda location: (location.owner, location.uri))


def _of_jobs(request: Request) -> Iterator[Location]:
    for job in request.all("glue", "get_jobs", "Jobs"):
        yield from _of_arguments(job["Name"], job.get("DefaultArguments", {}))
        for run in request.all("glue", "get_job_runs", "JobRuns", most=100, JobName=job["Name"]):
            yield from _of_arguments(job["Name"], run.get("Arguments", {}))


def _of_arguments(job: str, arguments: Mapping[str, str]) -> Iterator[Location]:
    for name, value in arguments.items():
        if str(value).startswith("s3://") and value.endswith("/"):
            yield Location(uri=value, owner=job, argument=name.lstrip("-"))


def _of_deliveries(request: Request) -> Iterator[Location]:
    firehose = request.client("firehose")
    for name in firehose.list_delivery_streams(Limit=1000)["DeliveryStreamNames"]:
        described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        for destination in described["Destinations"]:
            to_tables = destination.get("IcebergDestinationDescription") or {}
            s3 = destination.get("ExtendedS3DestinationDescription") or to_tables.get("S3DestinationDescription") or {}
            prefix = s3.get("ErrorOutputPrefix", "").partition(_DYNAMIC)[0]
            if prefix:
                bucket = s3["BucketARN"].rpartition(":")[2]
                yield Location(uri=f"s3://{bucket}/{prefix}", owner=name, argument="ErrorOutputPrefix")
