"""A cloud with a domain, a bucket for what fails, and a delivery stream from one to the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from local_cloud.cloud import LocalCloud
from local_cloud.engines.opensearch.engine import OpenSearchEngine
from local_cloud.engines.opensearch.gate import Gate
from tests.local_cloud.opensearch.conftest import client_of, signed

ROLE = "arn:aws:iam::123456789012:role/firehose"
BUCKET = "failures"
MAPPING = {
    "mappings": {
        "dynamic": "strict",
        "properties": {"id": {"type": "long"}, "carrier": {"type": "keyword"}, "delay": {"type": "long"}},
    }
}


class Indexing:
    """Delivery streams into indexes, and what becomes of their records."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.firehose, self.s3 = cloud.client("firehose"), cloud.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        status = cloud.client("opensearch").create_domain(DomainName="flights")["DomainStatus"]
        self.domain_arn: str = status["ARN"]
        self.search: OpenSearch = self.connect(status["Endpoint"], "es")

    def connect(self, endpoint: str, service: str) -> OpenSearch:
        return client_of(self.cloud, endpoint, signed(self.cloud._running.runtime.keys.own, service))

    def configuration(self, index: str, **options: Any) -> dict[str, Any]:
        backup = {
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{BUCKET}",
            "Prefix": f"backup/{index}/",
            "ErrorOutputPrefix": f"errors/{index}/!{{firehose:error-output-type}}/",
        }
        retry = {"DurationInSeconds": 0}
        return {"RoleARN": ROLE, "IndexName": index, "S3Configuration": backup, "RetryOptions": retry, **options}

    def to_domain(self, index: str, *, rotation: str = "NoRotation", **options: Any) -> str:
        """Create a stream into an index of the domain; it is called as the index is."""
        configuration = self.configuration(index, DomainARN=self.domain_arn, IndexRotationPeriod=rotation, **options)
        self.firehose.create_delivery_stream(
            DeliveryStreamName=index, AmazonopensearchserviceDestinationConfiguration=configuration
        )
        return index

    def put(self, stream: str, *records: bytes) -> None:
        for first in range(0, len(records), 500):
            batch = [{"Data": record} for record in records[first : first + 500]]
            assert self.firehose.put_record_batch(DeliveryStreamName=stream, Records=batch)["FailedPutCount"] == 0

    def drain(self) -> None:
        self.cloud._running.drain()
        self.search.indices.refresh()

    def count(self, index: str) -> int:
        return int(self.search.count(index=index)["count"])

    def objects(self, prefix: str) -> dict[str, bytes]:
        found = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        keys = [item["Key"] for page in found for item in page.get("Contents", [])]
        return {key: self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def failures(self, index: str, kind: str = "AmazonOpenSearchService-failed") -> list[dict[str, Any]]:
        """Return the documents of what failed."""
        bodies = self.objects(f"errors/{index}/{kind}/").values()
        return [json.loads(line) for body in bodies for line in body.splitlines()]

    @property
    def gate(self) -> Gate:
        """The gate of the domain."""
        engine = next(one for one in self.cloud._running._engines if isinstance(one, OpenSearchEngine))
        gate = engine._domains[self.domain_arn]._plain.app
        assert isinstance(gate, Gate)
        return gate


@pytest.fixture(scope="module")
def indexing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexing]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield Indexing(cloud)
