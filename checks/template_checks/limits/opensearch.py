"""Limits of OpenSearch Service, OpenSearch Serverless and OpenSearch Ingestion."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_GROUP = "AWS::OpenSearchServerless::CollectionGroup"
_SOURCE = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-scale-to-zero.html"
_PIPELINE = "AWS::OSIS::Pipeline"
_SCALING = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ingestion-scaling.html"
_QUOTAS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html"

MIN_INDEXING_UNITS = Limit(_GROUP, "CapacityLimits.MinIndexingCapacityInOcu", Span(0, step=0.5), source=_SOURCE)
MIN_SEARCH_UNITS = Limit(_GROUP, "CapacityLimits.MinSearchCapacityInOcu", Span(0, step=0.5), source=_SOURCE)
MAX_INDEXING_UNITS = Limit(_GROUP, "CapacityLimits.MaxIndexingCapacityInOcu", Span(1, step=0.5), source=_SOURCE)
MAX_SEARCH_UNITS = Limit(_GROUP, "CapacityLimits.MaxSearchCapacityInOcu", Span(1, step=0.5), source=_SOURCE)
VOLUME_SIZE = Limit("AWS::OpenSearchService::Domain", "EBSOptions.VolumeSize", Span(10), source=_QUOTAS)
# A pipeline with processors that hold state has half as many.
MIN_INGESTION_UNITS = Limit(_PIPELINE, "MinUnits", Span(1, 96, 1), source=_SCALING)
MAX_INGESTION_UNITS = Limit(_PIPELINE, "MaxUnits", Span(1, 96, 1), source=_SCALING)
