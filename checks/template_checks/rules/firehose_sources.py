"""Firehose: topics of Kafka as the source of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import matching, required
from template_checks.rules.roles import role_must_allow

_STREAM: Final = "AWS::KinesisFirehose::DeliveryStream"
_GUIDE: Final = "https://docs.aws.amazon.com/firehose/latest/dev"


@rule(
    "LAKE-FIREHOSE-036",
    _STREAM,
    title="A topic is read under a role that may, through brokers that there are",
    fix="allow the role kafka-cluster:Connect and ReadData, and connect privately to MSK Serverless",
    source=f"{_GUIDE}/writing-with-msk.html",
)
def topic(stream: Resource) -> Iterator[Violation]:
    """Firehose refuses another name or time, and cannot reach the brokers or the topic."""
    source = stream.at("MSKSourceConfiguration")
    if not source.known or not source.present:
        return
    reader = source.at("AuthenticationConfiguration")
    yield from required(reader.at("RoleARN"), "a role that may read the topic")
    for action in ("kafka-cluster:Connect", "kafka-cluster:ReadData"):
        yield from role_must_allow(reader.at("RoleARN"), action)
    yield from matching(source.at("TopicName"), r"[a-zA-Z0-9._-]{1,249}", "a name of a topic")
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
    yield from matching(source.at("ReadFromTimestamp"), moment, "a time in UTC, 2026-01-01T00:00:00Z")
    cluster = source.at("MSKClusterARN").target
    public = reader.at("Connectivity").text == "PUBLIC"
    if public and cluster is not None and cluster.kind == "AWS::MSK::ServerlessCluster":
        yield Violation(at=reader.at("Connectivity"), allowed="PRIVATE, since MSK Serverless has no public brokers")
