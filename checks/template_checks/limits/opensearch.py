"""Limits of OpenSearch Service and OpenSearch Serverless."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_GROUP = "AWS::OpenSearchServerless::CollectionGroup"
_SOURCE = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-scale-to-zero.html"
_QUOTAS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html"

MIN_INDEXING_UNITS = Limit(_GROUP, "CapacityLimits.MinIndexingCapacityInOcu", Span(0, step=0.5), source=_SOURCE)
MIN_SEARCH_UNITS = Limit(_GROUP, "CapacityLimits.MinSearchCapacityInOcu", Span(0, step=0.5), source=_SOURCE)
MAX_INDEXING_UNITS = Limit(_GROUP, "CapacityLimits.MaxIndexingCapacityInOcu", Span(1, step=0.5), source=_SOURCE)
MAX_SEARCH_UNITS = Limit(_GROUP, "CapacityLimits.MaxSearchCapacityInOcu", Span(1, step=0.5), source=_SOURCE)
VOLUME_SIZE = Limit("AWS::OpenSearchService::Domain", "EBSOptions.VolumeSize", Span(10), source=_QUOTAS)
