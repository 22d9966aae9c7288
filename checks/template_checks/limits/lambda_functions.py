"""Limits of Lambda: functions and their mappings to streams."""

from __future__ import annotations

from typing import Final

from template_checks.core.limit import Limit, Span

_FUNCTION: Final = "AWS::Lambda::Function"
_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_QUOTAS: Final = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_MAPPINGS: Final = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"

MEMORY = Limit(_FUNCTION, "MemorySize", Span(128, 10_240, 1), unit="MB", source=_QUOTAS)
TIMEOUT = Limit(_FUNCTION, "Timeout", Span(1, 900, 1), unit="seconds", source=_QUOTAS)
BATCH_SIZE = Limit(_MAPPING, "BatchSize", Span(1, 10_000, 1), unit="records", source=_MAPPINGS)
BATCHING_WINDOW = Limit(_MAPPING, "MaximumBatchingWindowInSeconds", Span(0, 300, 1), unit="seconds", source=_MAPPINGS)
PARALLEL_BATCHES = Limit(_MAPPING, "ParallelizationFactor", Span(1, 10, 1), unit="batches", source=_MAPPINGS)
RETRIES = Limit(_MAPPING, "MaximumRetryAttempts", Span(0, 10_000, 1), unit="retries", source=_MAPPINGS)
