"""Limits of Amazon MSK."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_TOPIC = "AWS::MSK::Topic"
_SOURCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-msk-topic.html"

PARTITIONS = Limit(_TOPIC, "PartitionCount", Span(1), source=_SOURCE)
REPLICATION_FACTOR = Limit(_TOPIC, "ReplicationFactor", Span(1), source=_SOURCE)
