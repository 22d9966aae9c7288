"""Limits of AWS IoT Core."""

from __future__ import annotations

from typing import Final

from template_checks.core.limit import Limit, Span

_LIMITS: Final = "https://docs.aws.amazon.com/general/latest/gr/iot-core.html"

ACTIONS = Limit("AWS::IoT::TopicRule", "TopicRulePayload.Actions", Span(1, 10, 1), unit="actions", source=_LIMITS)
LEVELS: Final = 8
"""Levels of a topic, without the prefix of Basic Ingest, by the same page."""
PAYLOAD_BYTES: Final = 128 * 1024
"""Bytes of a message, by the same page."""
BATCH: Final = 500
"""Records that an action of Firehose sends as one batch.

https://docs.aws.amazon.com/iot/latest/developerguide/kinesis-firehose-rule-action.html
"""
