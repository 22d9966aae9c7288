"""Limits of AWS DataSync."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_TASK = "AWS::DataSync::Task"
_API = "https://docs.aws.amazon.com/datasync/latest/userguide"

BANDWIDTH = Limit(_TASK, "Options.BytesPerSecond", Span(1_048_576), unit="bytes", source=f"{_API}/API_Options.html")
AGENTS = Limit(
    "AWS::DataSync::LocationSMB", "AgentArns", Span(1, 8, 1), unit="agents", source=f"{_API}/API_CreateLocationSmb.html"
)
