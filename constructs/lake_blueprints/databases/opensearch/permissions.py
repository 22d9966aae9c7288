"""Permissions of those who search indexes and those who write them, in domains and in collections."""

from __future__ import annotations

from lake_blueprints.foundation.access import Permission

_DOMAIN = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html"
_COLLECTION = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html"
_LOGS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createdomain-configure-slow-logs.html"
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


def _all_of(domain_arn: str, index: str) -> tuple[str, ...]:
    """Return an index and everything below it."""
    itself = f"{domain_arn}/{index}"
    return (itself,) if index.endswith("*") else (itself, f"{itself}/*")
