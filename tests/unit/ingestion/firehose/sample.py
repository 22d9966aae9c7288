"""Sample of a delivery stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_cdk import ArnFormat, Duration, Size
from aws_cdk import Stack as CdkStack
from aws_cdk import aws_opensearchservice as domains
from aws_cdk import aws_secretsmanager as secretsmanager

from lake_blueprints.catalog import ArrivalTime, Database, Table
from lake_blueprints.ingestion.firehose import (
    Buffer,
    DeliveryStream,
    Destination,
    HttpDestination,
    IcebergDestination,
    KafkaSource,
    OpenSearchDestination,
    OpenSearchServerlessDestination,
    ParquetDestination,
    RedshiftDestination,
    S3Destination,
    SnowflakeDestination,
    SplunkDestination,
    Transform,
)
from lake_blueprints.ingestion.kafka import ExistingCluster, KafkaTopic
from template_checks.core.limit import Limit
from template_checks.limits import firehose
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample
from tests.unit.ingestion.kafka.sample import cluster_arn


def buffering(limit: Limit, buffer: Callable[[Any], Buffer]) -> Limited:
    return Limited(limit=limit, options=lambda _, n: {"buffer": buffer(n)})


def transforming(limit: Limit, name: str, value: Callable[[Any], Any] = lambda n: n) -> Limited:
    return Limited(
        limit=limit, options=lambda lake, n: {"transform": Transform(function=lake.function, **{name: value(n)})}
    )


def schema(lake: Fixtures) -> Table:
    """Return a new table of the raw zone, to convert by."""
    raw = lake.raw
    database = Database(lake.scope, lake.unique("Schemas"), zone=raw, lake_formation=True)
    return database.add_table(lake.dataset, prefix="parquet/", layout=ArrivalTime())


def converting(lake: Fixtures, size: Any) -> dict[str, Any]:
    return {"destination": ParquetDestination(table=schema(lake)), "buffer": Buffer(size=Size.mebibytes(size))}


CONVERTING = Sample(
    construct=DeliveryStream,
    variant="parquet",
    options=lambda lake: {
        "source": lake.stream,
        "destination": ParquetDestination(table=schema(lake)),
        "transform": Transform(function=lake.function),
        "alarm_topic": lake.topic,
    },
)


def rows(lake: Fixtures) -> IcebergDestination:
    """Return a destination that is a new table of the curated zone, without optimizers, which not every Region has."""
    database = Database(lake.scope, lake.unique("Rows"), zone=lake.curated)
    prefix = f"{lake.unique('rows').lower()}/"
    table = database.add_iceberg_table(
        lake.dataset, prefix=prefix, compaction=None, snapshot_retention=None, orphan_file_deletion=None
    )
    return IcebergDestination(table=table, upsert=True, zone=lake.raw)


UPSERTING = Sample(
    construct=DeliveryStream,
    variant="iceberg",
    options=lambda lake: {
        "source": lake.stream,
        "destination": rows(lake),
        "transform": Transform(function=lake.function),
        "alarm_topic": lake.topic,
    },
)


def outside(lake: Fixtures, **options: Any) -> dict[str, Any]:
    """Return the options that every destination outside the lake has."""
    return {"zone": lake.raw, "dataset": lake.dataset, **options}


def secret(lake: Fixtures) -> secretsmanager.ISecret:
    """Return a secret of another stack."""
    arn = CdkStack.of(lake.scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name="sink-AbCdEf",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return secretsmanager.Secret.from_secret_attributes(
        lake.scope, lake.unique("Secret"), secret_complete_arn=arn, encryption_key=lake.key
    )


def http(lake: Fixtures, **options: Any) -> HttpDestination:
    return HttpDestination(**outside(lake, url="https://collector.example.com/flights", secret=secret(lake), **options))


def splunk(lake: Fixtures, **options: Any) -> SplunkDestination:
    endpoint = "https://splunk.example.com:8088"
    return SplunkDestination(**outside(lake, endpoint=endpoint, secret=secret(lake), **options))


def opensearch(lake: Fixtures, **options: Any) -> OpenSearchDestination:
    arn = CdkStack.of(lake.scope).format_arn(service="es", resource="domain", resource_name="flights")
    domain = domains.Domain.from_domain_attributes(
        lake.scope, lake.unique("Domain"), domain_arn=arn, domain_endpoint="flights.example.com"
    )
    return OpenSearchDestination(**outside(lake, domain=domain, **options))


def collection(lake: Fixtures, **options: Any) -> OpenSearchServerlessDestination:
    arn = CdkStack.of(lake.scope).format_arn(service="aoss", resource="collection", resource_name="abc")
    at = {"collection_arn": arn, "collection_endpoint": "https://abc.example.com"}
    return OpenSearchServerlessDestination(**outside(lake, **at, **options))


def redshift(lake: Fixtures, **options: Any) -> RedshiftDestination:
    of = CdkStack.of(lake.scope)
    host = f"lake.{of.account}.{of.region}.redshift-serverless.{of.url_suffix}"
    url = f"jdbc:redshift://{host}:5439/dev"
    return RedshiftDestination(**outside(lake, jdbc_url=url, secret=secret(lake), **options))


def snowflake(lake: Fixtures, **options: Any) -> SnowflakeDestination:
    at = {"account_url": "https://lake-one.snowflakecomputing.com", "database": "LAKE", "schema": "RAW"}
    return SnowflakeDestination(**outside(lake, **at, secret=secret(lake), **options))


def of(variant: str, destination: Callable[[Fixtures], Destination]) -> Sample:
    """Return the sample of a delivery to a destination outside the lake."""
    return Sample(
        construct=DeliveryStream,
        variant=variant,
        options=lambda lake: {"destination": destination(lake), "alarm_topic": lake.topic},
    )


def buffered(limit: Limit, destination: Callable[[Fixtures], Destination], buffer: Callable[[Any], Buffer]) -> Limited:
    return Limited(limit=limit, options=lambda lake, n: {"destination": destination(lake), "buffer": buffer(n)})


def timed(limit: Limit, destination: Callable[..., Destination], name: str) -> Limited:
    return Limited(
        limit=limit, options=lambda lake, n: {"destination": destination(lake, **{name: Duration.seconds(n)})}
    )


def topic(lake: Fixtures) -> KafkaTopic:
    """Return a new topic of a cluster whose policy is defined."""
    arn = cluster_arn(lake)
    cluster = ExistingCluster(lake.scope, lake.unique("Kafka"), cluster_arn=arn, define_policy=True)
    return KafkaTopic(lake.scope, lake.unique("Topic"), cluster=cluster)


FROM_KAFKA = Sample(
    construct=DeliveryStream,
    variant="kafka",
    options=lambda lake: {
        "source": KafkaSource(topic(lake)),
        "destination": S3Destination(zone=lake.raw, dataset=lake.dataset),
        "alarm_topic": lake.topic,
    },
)
HTTP = of("http", lambda lake: http(lake, backup_all=True))
SPLUNK = of("splunk", splunk)
OPENSEARCH = of("opensearch", lambda lake: opensearch(lake, vpc=lake.network.vpc))
COLLECTION = of("opensearch serverless", collection)
REDSHIFT = of("redshift", redshift)
SNOWFLAKE = of("snowflake", lambda lake: snowflake(lake, role="LOADER"))
SAMPLE = Sample(
    construct=DeliveryStream,
    options=lambda lake: {"destination": S3Destination(zone=lake.raw, dataset=lake.dataset)},
    limits={
        "Buffer.size": buffering(firehose.BUFFER_SIZE, lambda n: Buffer(size=Size.mebibytes(n))),
        "Buffer.size with conversion": Limited(limit=firehose.BUFFER_SIZE_REARRANGED, options=converting),
        "Buffer.interval": buffering(firehose.BUFFER_INTERVAL, lambda n: Buffer(interval=Duration.seconds(n))),
        "Buffer.size to an HTTP endpoint": buffered(
            firehose.BUFFER_SIZE_HTTP, http, lambda n: Buffer(size=Size.mebibytes(n))
        ),
        "Buffer.size to Splunk": buffered(
            firehose.BUFFER_SIZE_SPLUNK, splunk, lambda n: Buffer(size=Size.mebibytes(n))
        ),
        "Buffer.interval to Splunk": buffered(
            firehose.BUFFER_INTERVAL_SPLUNK, splunk, lambda n: Buffer(interval=Duration.seconds(n))
        ),
        "Buffer.size to OpenSearch": buffered(
            firehose.BUFFER_SIZE_OPENSEARCH, opensearch, lambda n: Buffer(size=Size.mebibytes(n))
        ),
        "retry of a destination": timed(firehose.RETRY, http, "retry"),
        "SplunkDestination.acknowledgment": timed(firehose.ACKNOWLEDGMENT, splunk, "acknowledgment"),
        "Transform.buffer_size": transforming(
            firehose.TRANSFORM_BUFFER_SIZE, "buffer_size", lambda n: Size.kibibytes(round(n * 1024))
        ),
        "Transform.buffer_interval": transforming(
            firehose.TRANSFORM_BUFFER_INTERVAL, "buffer_interval", Duration.seconds
        ),
        "Transform.retries": transforming(firehose.TRANSFORM_RETRIES, "retries"),
    },
)
