"""Limits of DynamoDB."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_ON_DEMAND = "OnDemandThroughput"
# An account's quota for a table ends it, and can be raised.
_SOURCE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html"

MAX_READ_REQUEST_UNITS = Limit("AWS::DynamoDB::Table", f"{_ON_DEMAND}.MaxReadRequestUnits", Span(1), source=_SOURCE)
MAX_WRITE_REQUEST_UNITS = Limit("AWS::DynamoDB::Table", f"{_ON_DEMAND}.MaxWriteRequestUnits", Span(1), source=_SOURCE)
