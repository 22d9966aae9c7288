"""Topics of messages, and the filters of rules."""

from __future__ import annotations

from moto.iot.exceptions import InvalidRequestException
from moto.iot.models import FakeRule

from local_cloud.engines.iot.evaluation import BASIC_INGEST
from local_cloud.engines.iot.parsing import parse
from template_checks.limits import iot as limits


def check_message(topic: str, payload: bytes) -> None:
    """Refuse a message as IoT does."""
    levels = topic.split("/")[3 if topic.startswith(BASIC_INGEST) else 0 :]
    if len(payload) > limits.PAYLOAD_BYTES:
        raise InvalidRequestException(f"A payload has at most {limits.PAYLOAD_BYTES} bytes, got {len(payload)}")
    if len(levels) > limits.LEVELS or any(sign in topic for sign in "+#"):
        raise InvalidRequestException(f"Topics have at most {limits.LEVELS} levels and neither + nor #, got {topic}")


def matches(rule: FakeRule, topic: str) -> bool:
    """Tell whether a rule is about messages of a topic.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    """
    if topic.startswith(BASIC_INGEST):
        return bool(topic.split("/")[2] == rule.rule_name)
    found = parse(rule.sql).topic
    return found is not None and fits(found, topic)


def fits(topic_filter: str, topic: str) -> bool:
    """Tell whether a topic is one of a filter's; wildcards at its beginning do not stand for reserved topics."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    if wanted[-1] == "#":
        # `a/#` is about `a` too.
        wanted = wanted[:-1]
        levels = levels[: len(wanted)] if len(levels) >= len(wanted) else []
    return len(wanted) == len(levels) and all(one in ("+", other) for one, other in zip(wanted, levels, strict=True))
