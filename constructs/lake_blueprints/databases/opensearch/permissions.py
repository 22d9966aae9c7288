"""Permissions of those who search indexes and those who write them, in domains and in collections."""

from __future__ import annotations

from aws_cdk import aws_kinesis as kinesis

from lake_blueprints.foundation.access import Permission, arn_of
from lake_blueprints.storage.s3 import Zone
from lake_blueprints.storage.s3 import permissions as objects

_DOMAIN = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html"
_COLLECTION = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html"
_LOGS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createdomain-configure-slow-logs.html"
_FROM_STREAMS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/configure-client-kinesis.html"
_INTO_COLLECTIONS = (
    "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/pipeline-collection-access.html"
)
_INTO_DOMAINS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/pipeline-domain-access.html"
_DEAD_LETTERS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/pipeline-security-overview.html"
_KEY = "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html"
_ASKED_BY_POST = ("_search", "_msearch", "_count", "_field_caps", "_mget")

READ = ("aoss:DescribeIndex", "aoss:ReadDocument")
WRITE = ("aoss:CreateIndex", "aoss:UpdateIndex", "aoss:DescribeIndex", "aoss:WriteDocument")


def search_indexes(domain_arn: str, index: str) -> tuple[Permission, ...]:
    """Read documents of indexes and search them; not write them."""
    because, wildcard = "searches documents", "documents and searches of an index, by their paths"
    return (
        Permission(
            actions=("es:ESHttpGet", "es:ESHttpHead"),
            on=_all_of(domain_arn, index),
            because=because,
            sources=(_DOMAIN,),
            wildcard=wildcard,
        ),
        Permission(
            actions=("es:ESHttpPost",),
            on=tuple(f"{domain_arn}/{index}/{path}" for path in _ASKED_BY_POST),
            because=because,
            sources=(_DOMAIN,),
            wildcard=wildcard if "*" in index else None,
        ),
    )


def write_indexes(domain_arn: str, index: str) -> tuple[Permission, ...]:
    """Create indexes with their mappings, and write their documents."""
    actions = ("es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut")
    return (
        Permission(
            actions=actions,
            on=_all_of(domain_arn, index),
            because="writes documents",
            sources=(_DOMAIN,),
            wildcard="documents of an index, by their paths",
        ),
    )


def administer() -> Permission:
    """Do everything within a domain, by its own policy: map roles, write templates, delete indexes."""
    verbs = ("Delete", "Get", "Head", "Patch", "Post", "Put")
    return Permission(
        actions=tuple(f"es:ESHttp{verb}" for verb in verbs), because="administers the domain", sources=(_DOMAIN,)
    )


def reach_collection(collection_arn: str, because: str) -> Permission:
    """Reach a collection, whose data access policies say what may be done there."""
    return Permission(actions=("aoss:APIAccessAll",), on=(collection_arn,), because=because, sources=(_COLLECTION,))


def find_collection() -> Permission:
    """Look up the collection that a pipeline writes to."""
    return Permission(
        actions=("aoss:BatchGetCollection",),
        because="finds the collection",
        sources=(_INTO_COLLECTIONS,),
        wildcard="IAM knows no resource for what describes collections",
    )


def open_network(collection_name: str) -> Permission:
    """Add the endpoint of a pipeline to a network policy of the collection that it writes to."""
    return Permission(
        actions=("aoss:GetSecurityPolicy", "aoss:UpdateSecurityPolicy"),
        because="adds its endpoint to the network policy",
        sources=(_INTO_COLLECTIONS,),
        conditions={"StringEquals": {"aoss:collection": collection_name}},
        wildcard="IAM knows no resource for policies; the condition names the collection",
    )


def write_in_bulk(domain_arn: str) -> tuple[Permission, ...]:
    """Find a domain, and write documents by requests whose bodies name the index."""
    return (
        Permission(
            actions=("es:DescribeDomain",), on=(domain_arn,), because="finds the domain", sources=(_INTO_DOMAINS,)
        ),
        Permission(
            actions=("es:ESHttpPost",),
            on=(f"{domain_arn}/_bulk",),
            because="writes documents",
            sources=(_INTO_DOMAINS, _DOMAIN),
        ),
    )


def poll_stream(stream: kinesis.IStream) -> tuple[Permission, ...]:
    """Poll a stream for its records, and decrypt them if it has a key."""
    because, arn, key = "reads records", stream.stream_arn, stream.encryption_key
    actions = (
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    )
    read = Permission(actions=actions, on=(arn,), because=because, sources=(_FROM_STREAMS,), policy_of=stream)
    if key is None:
        return (read,)
    context = {
        "kms:ViaService": "kinesis.${AWS::Region}.amazonaws.com",
        "kms:EncryptionContext:aws:kinesis:arn": arn,
    }
    decrypt = Permission(
        actions=("kms:Decrypt",),
        on=(arn_of(key),),
        because=because,
        sources=(_FROM_STREAMS, _KEY),
        policy_of=key,
        contexts=(context,),
    )
    return (read, decrypt)


def set_aside(zone: Zone, prefix: str) -> tuple[Permission, ...]:
    """Write what the index refuses below a prefix of a zone."""
    because = "sets aside what the index refuses"
    written = objects.on_objects(
        zone, ("s3:PutObject",), [prefix], because, wildcard="files of dead letters, which OpenSearch Ingestion names"
    )
    return (
        written.used_for(because, _DEAD_LETTERS),
        objects.with_key(zone, ("kms:GenerateDataKey",), [prefix], because),
    )


def _all_of(domain_arn: str, index: str) -> tuple[str, ...]:
    """Return an index and everything below it."""
    itself = f"{domain_arn}/{index}"
    return (itself,) if index.endswith("*") else (itself, f"{itself}/*")
