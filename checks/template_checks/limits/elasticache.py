"""Limits of ElastiCache Serverless."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_CACHE = "AWS::ElastiCache::ServerlessCache"
_API = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference"
_USAGE = f"{_API}/API_CacheUsageLimits.html"

STORAGE = Limit(_CACHE, "CacheUsageLimits.DataStorage.Maximum", Span(1, 5_000), source=_USAGE)
UNITS = Limit(_CACHE, "CacheUsageLimits.ECPUPerSecond.Maximum", Span(1_000, 15_000_000), source=_USAGE)
SNAPSHOTS = Limit(_CACHE, "SnapshotRetentionLimit", Span(0, 35), source=f"{_API}/API_CreateServerlessCache.html")
