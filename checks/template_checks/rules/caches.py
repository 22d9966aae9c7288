"""ElastiCache: replication groups, clusters and serverless caches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, between, matching, one_of, only_one

GROUP: Final = "AWS::ElastiCache::ReplicationGroup"
CLUSTER: Final = "AWS::ElastiCache::CacheCluster"
SERVERLESS: Final = "AWS::ElastiCache::ServerlessCache"
_API: Final = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference"


@rule(
    "LAKE-DATABASES-014",
    GROUP,
    title="Automatic failover has a node to fail over to",
    fix="set NumCacheClusters to 2 or more, or AutomaticFailoverEnabled to false",
    source=f"{_API}/API_CreateReplicationGroup.html",
)
def failover(group: Resource) -> Iterator[Violation]:
    """ElastiCache refuses failover with a single node, and several zones or shards without failover."""
    enabled, nodes = group.at("AutomaticFailoverEnabled"), group.at("NumCacheClusters")
    shards, replicas = group.at("NumNodeGroups"), group.at("ReplicasPerNodeGroup")
    elsewhere = any(
        group.at(name).present
        for name in (
            "NodeGroupConfiguration",
            "GlobalReplicationGroupId",
            "PrimaryClusterId",
            "CacheParameterGroupName",
        )
    )
    # Without any number there is one node, unless the nodes come from elsewhere.
    default = not elsewhere and not any(node.present for node in (nodes, shards, replicas))
    if enabled.flag and (nodes.number if nodes.number is not None else 1 if default else 2) < 2:
        yield Violation(at=nodes, allowed="2 or more with AutomaticFailoverEnabled")
    disabled = enabled.flag is False or not enabled.present
    zones = group.at("MultiAZEnabled")
    if zones.flag and disabled:
        yield Violation(at=zones, allowed="false without AutomaticFailoverEnabled")
    if shards.number is not None and shards.number > 1 and disabled:
        yield Violation(at=shards, allowed="1 without AutomaticFailoverEnabled")
    yield from only_one(shards, nodes)
    yield from between(nodes, 1, 6, "nodes")
    yield from between(replicas, 0, 5, "replicas")


@rule(
    "LAKE-DATABASES-015",
    GROUP,
    CLUSTER,
    title="Passwords of a cache travel encrypted",
    fix="set TransitEncryptionEnabled, and a password of 16 to 128 characters",
    source="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html",
)
def passwords(cache: Resource) -> Iterator[Violation]:
    """ElastiCache refuses a password without encryption in transit, and short ones."""
    password, encrypted = cache.at("AuthToken"), cache.at("TransitEncryptionEnabled")
    for node in (password, cache.at("UserGroupIds")):
        if node.value and (encrypted.flag is False or not encrypted.present):
            yield Violation(at=encrypted, allowed=f"true with {node.path.rpartition('.')[2]}")
    if password.text and "{{resolve:" not in password.text:
        yield from matching(password, r"[^@\"/ ]{16,128}", '16 to 128 characters without @ " / and space')
    if cache.kind == GROUP:
        yield from only_one(cache.at("UserGroupIds"), password)
    mode = cache.at("TransitEncryptionMode")
    yield from one_of(mode, ("preferred", "required"))
    if encrypted.flag is False:
        yield from absent(mode, "without TransitEncryptionEnabled")


@rule(
    "LAKE-DATABASES-016",
    GROUP,
    CLUSTER,
    SERVERLESS,
    title="A cache's engine has what is asked of it",
    fix="use one node of redis or valkey in a cluster, several of memcached, and snapshots of the former only",
    source=f"{_API}/API_CreateCacheCluster.html",
)
def engine(cache: Resource) -> Iterator[Violation]:
    """ElastiCache refuses others, and other names and numbers of snapshots."""
    node, count = cache.at("Engine"), cache.at("NumCacheNodes")
    engines = ("redis", "valkey") if cache.kind == GROUP else ("redis", "valkey", "memcached")
    if node.text is not None and node.text.lower() not in engines:
        yield Violation(at=node, allowed=", ".join(engines))
    if cache.kind == CLUSTER and node.text in {"redis", "valkey"}:
        yield from between(count, 1, 1, f"node of {node.text}")
    if node.text == "memcached":
        for name in ("SnapshotRetentionLimit", "SnapshotWindow", "SnapshotName", "DailySnapshotTime"):
            yield from absent(cache.at(name), "for memcached")
        if cache.at("AZMode").text == "cross-az" and count.number == 1:
            yield Violation(at=count, allowed="2 or more nodes with AZMode cross-az")
    yield from between(cache.at("SnapshotRetentionLimit"), 0, 35, "days")
    for name, most in (("ReplicationGroupId", 40), ("ClusterName", 50), ("ServerlessCacheName", 40)):
        pattern = rf"(?=.{{1,{most}}}$)[a-zA-Z](-?[a-zA-Z0-9])*"
        yield from matching(
            cache.at(name), pattern, f"a letter, then up to {most - 1} letters, digits and single hyphens"
        )


@rule(
    "LAKE-DATABASES-017",
    SERVERLESS,
    title="Limits of a serverless cache are ranges that it has",
    fix="set storage to 1 to 5000 GB and processing to 1000 to 15000000 units per second",
    source=f"{_API}/API_CacheUsageLimits.html",
)
def usage(cache: Resource) -> Iterator[Violation]:
    """ElastiCache refuses others, and the least above the most."""
    for name, first, last, unit in (("DataStorage", 1, 5000, "GB"), ("ECPUPerSecond", 1000, 15000000, "units")):
        least, most = cache.at(f"CacheUsageLimits.{name}.Minimum"), cache.at(f"CacheUsageLimits.{name}.Maximum")
        for node in (least, most):
            yield from between(node, first, last, unit)
        if least.number is not None and most.number is not None and least.number > most.number:
            yield Violation(at=least, allowed=f"{most.number:g} or fewer, the Maximum")
    subnets = cache.at("SubnetIds")
    if isinstance(subnets.value, list) and not 2 <= len(subnets.value) <= 3:
        yield Violation(at=subnets, found=f"{len(subnets.value)} subnets", allowed="2 or 3, in different zones")
