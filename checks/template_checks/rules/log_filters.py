"""CloudWatch Logs: metric filters and subscriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from template_checks.core.invocations import FUNCTIONS, may_invoke
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import is_same
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, matching, only_one, required
from template_checks.rules.alarms import ALARM, metrics_of
from template_checks.rules.roles import role_must_allow

METRIC_FILTER: Final = "AWS::Logs::MetricFilter"
SUBSCRIPTION: Final = "AWS::Logs::SubscriptionFilter"
_API: Final = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"
_GUIDE: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs"
_STREAMS: Final = {
    "AWS::Kinesis::Stream": "kinesis:PutRecord",
    "AWS::KinesisFirehose::DeliveryStream": "firehose:PutRecord",
}


@rule(
    "LAKE-LOGS-001",
    METRIC_FILTER,
    title="A metric filter makes a metric that CloudWatch takes",
    fix="give a number or a field as MetricValue, up to 3 dimensions, and a default only without them",
    source=f"{_API}/API_MetricTransformation.html",
)
def transformation(resource: Resource) -> Iterator[Violation]:
    """CloudWatch Logs refuses others."""
    pattern = resource.at("FilterPattern").text
    for made in resource.at("MetricTransformations").items():
        default, dimensions = made.at("DefaultValue"), made.at("Dimensions")
        if isinstance(dimensions.value, list) and dimensions.value:
            yield from only_one(dimensions, default)
            if len(dimensions.value) > 3:
                yield Violation(at=dimensions, found=f"{len(dimensions.value)} dimensions", allowed="3 or fewer")
        for name in ("MetricName", "MetricNamespace"):
            yield from matching(made.at(name), r"[^:*$]{1,255}", "a name without ':', '*' and '$'")
        yield from matching(made.at("MetricNamespace"), r"(?!AWS/).*", "a namespace that does not begin with AWS/")
        value = made.at("MetricValue")
        yield from matching(value, r"-?\d+(\.\d+)?([eE]-?\d+)?|\$.+", "a number, or a field such as $.bytes")
        for field in [value, *(item.at("Value") for item in dimensions.items())]:
            yield from _field(field, pattern)


def _field(field: Node, pattern: str | None) -> Iterator[Violation]:
    """Refuse a field that the pattern does not name."""
    if field.text is None or not field.text.startswith("$") or pattern is None:
        return
    if field.text.startswith(("$.", "$[")):
        if not pattern.lstrip().startswith("{"):
            yield Violation(at=field, allowed="a number, or a pattern of JSON such as { $.bytes = * }")
    elif not re.search(rf"[\[,\s]{re.escape(field.text[1:])}\b", pattern):
        yield Violation(at=field, allowed=f"a field of {pattern or 'the FilterPattern'}")


@rule(
    "LAKE-LOGS-002",
    METRIC_FILTER,
    SUBSCRIPTION,
    title="A pattern is one that CloudWatch Logs reads",
    fix="close what was opened: { $.field = value } for JSON, [a, b, c] for columns",
    source=f"{_GUIDE}/FilterAndPatternSyntax.html",
)
def pattern(resource: Resource) -> Iterator[Violation]:
    """CloudWatch Logs refuses others."""
    node = resource.at("FilterPattern")
    text = (node.text or "").strip()
    plain = re.sub(r"\"(\\.|[^\"])*\"|%[^%]*%", "", text)
    for opening, closing in ("{}", "[]", "()"):
        in_json = text.startswith("{")
        if opening == "(" and not in_json:
            continue
        if text.startswith(opening) and not text.endswith(closing):
            yield Violation(at=node, allowed=f"a pattern that ends in {closing}")
        elif (text.startswith(opening) or in_json) and plain.count(opening) != plain.count(closing):
            yield Violation(at=node, allowed=f"as many {closing} as {opening}")
    if re.sub(r"%[^%]*%|\\.", "", text).count('"') % 2:
        yield Violation(at=node, allowed="quotation marks in pairs")
    if text.startswith("{") and text.endswith("}"):
        if not re.search(r"\$[.\[]", text):
            yield Violation(at=node, allowed="a condition on a field, which begins with $.")
        elif re.search(r"[^=!<>]==", plain):
            yield Violation(at=node, allowed="= for equality")


@rule(
    "LAKE-LOGS-003",
    SUBSCRIPTION,
    title="CloudWatch Logs may send to what subscribes",
    fix="permit logs.amazonaws.com to invoke the function, before the subscription; give a role for streams",
    source=f"{_API}/API_PutSubscriptionFilter.html",
)
def destination(subscription: Resource) -> Iterator[Violation]:
    """CloudWatch Logs tries the destination, and refuses one that it may not send to."""
    node, role = subscription.at("DestinationArn"), subscription.at("RoleArn")
    target = node.target
    if target is None:
        return
    if target.kind in FUNCTIONS:
        yield from absent(role, "for a function, which has a permission instead")
        yield from absent(subscription.at("Distribution"), "for a function")
        if not may_invoke("logs.", target, subscription.at("LogGroupName").target):
            found = f"{target.logical_id}, which CloudWatch Logs may not invoke"
            yield Violation(at=node, found=found, allowed="a function that a Permission lets logs.amazonaws.com invoke")
    if target.kind in _STREAMS:
        yield from required(role, "a role that CloudWatch Logs may assume")
        yield from role_must_allow(role, _STREAMS[target.kind])


@rule(
    "LAKE-LOGS-004",
    METRIC_FILTER,
    SUBSCRIPTION,
    title="Filters are on log groups of the standard class",
    fix="set LogGroupClass STANDARD, and give up to two subscriptions to a group",
    source=f"{_GUIDE}/CloudWatch_Logs_Log_Classes.html",
)
def filtered_group(resource: Resource) -> Iterator[Violation]:
    """CloudWatch Logs refuses filters on groups of another class, and a third subscription."""
    node = resource.at("LogGroupName")
    group = node.target
    if group is None or group.kind != "AWS::Logs::LogGroup":
        return
    found = group.at("LogGroupClass").text
    if found in {"INFREQUENT_ACCESS", "DELIVERY"}:
        yield Violation(at=node, found=f"{group.logical_id} of class {found}", allowed="a group of class STANDARD")
    if resource.kind == SUBSCRIPTION:
        others = [
            one for one in resource.template.of_type(SUBSCRIPTION) if is_same(one.at("LogGroupName").target, group)
        ]
        if len(others) > 2:
            yield Violation(at=node, found=f"{len(others)} subscriptions to {group.logical_id}", allowed="2 or fewer")


@rule(
    "LAKE-LOGS-005",
    ALARM,
    title="An alarm has the dimensions of the metric filter that it watches",
    fix="give the same dimensions to the alarm and to MetricTransformations",
    source=f"{_API}/API_MetricTransformation.html",
)
def filtered_metric(alarm: Resource) -> Iterator[Violation]:
    """A metric of other dimensions is another metric: the alarm stays in INSUFFICIENT_DATA."""
    made: dict[tuple[str, str], list[frozenset[str | None]]] = {}
    for resource in alarm.template.everywhere_of_type(METRIC_FILTER):
        for one in resource.at("MetricTransformations").items():
            key = one.at("MetricNamespace").rendered, one.at("MetricName").rendered
            names = frozenset(item.at("Key").text for item in one.at("Dimensions").items())
            made.setdefault(key, []).append(names)
    for watched in metrics_of(alarm):
        published = made.get((watched.at("Namespace").rendered, watched.at("MetricName").rendered), [])
        given = frozenset(item.at("Name").text for item in watched.at("Dimensions").items())
        if published and given not in published and None not in given.union(*published):
            sets = [", ".join(sorted(map(str, names))) or "none" for names in published]
            found = ", ".join(sorted(map(str, given))) or "none"
            yield Violation(at=watched.at("Dimensions"), found=found, allowed=" or ".join(dict.fromkeys(sets)))
