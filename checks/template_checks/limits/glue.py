"""Limits of Glue."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_JOB = "AWS::Glue::Job"
_CREATE_JOB = "https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html"
_WORKERS = "https://docs.aws.amazon.com/glue/latest/dg/worker-types.html"

# "less than 7 days or 10080 minutes"
JOB_TIMEOUT = Limit(_JOB, "Timeout", Span(1, 10_079), unit="minutes", source=_CREATE_JOB)
JOB_RETRIES = Limit(_JOB, "MaxRetries", Span(0, 10, 1), source=_CREATE_JOB)
WORKERS = Limit(_JOB, "NumberOfWorkers", Span(2, 299, 1), unit="workers", source=_WORKERS)
