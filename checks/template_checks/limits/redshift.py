"""Limits of Redshift Serverless."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_WORKGROUP = "AWS::RedshiftServerless::Workgroup"
_CAPACITY = "https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-capacity.html"
_CREATE_WORKGROUP = "https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateWorkgroup.html"

BASE_CAPACITY = Limit(
    _WORKGROUP,
    "BaseCapacity",
    Span(4, 4),
    Span(8, 512, 8),
    Span(544, 1_024, 32),
    unit="RPUs",
    source=_CAPACITY,
)
MAX_CAPACITY = Limit(_WORKGROUP, "MaxCapacity", Span(4, 4), Span(8, 5_632, 8), unit="RPUs", source=_CAPACITY)
PORT = Limit(_WORKGROUP, "Port", Span(5_431, 5_455, 1), Span(8_191, 8_215, 1), source=_CREATE_WORKGROUP)
