"""CloudWatch alarms and the metrics that they watch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.senders import ALARM_ACTIONS, ALARMS
from template_checks.core.tables import intended_namespace, metric_groups, metric_names, metric_namespaces
from template_checks.core.template import Node, Resource
from template_checks.core.values import one_of

ALARM: Final = "AWS::CloudWatch::Alarm"
_MONITORING: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"
_API: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"
# Resources whose Ref is an ARN or a URL, not their name.
_REF_IS_NO_NAME: Final = ("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::StepFunctions::StateMachine")
_ACTION_KINDS: Final = (
    "AWS::SNS::Topic",
    "AWS::Lambda::Function",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Version",
    "AWS::AutoScaling::ScalingPolicy",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::SSMIncidents::ResponsePlan",
)


def metrics_of(alarm: Resource) -> Iterator[Node]:
    """Yield the objects of an alarm that name a metric: the alarm itself, or the metrics of its expressions."""
    if alarm.at("MetricName").present:
        yield alarm.properties
    for query in alarm.at("Metrics").items():
        if query.at("MetricStat.Metric").known:
            yield query.at("MetricStat.Metric")


@rule(
    "LAKE-ALARMS-001",
    ALARM,
    title="An alarm watches a metric that AWS publishes",
    fix="correct Namespace or MetricName",
    source=f"{_MONITORING}/aws-services-cloudwatch-metrics.html",
)
def metric(alarm: Resource) -> Iterator[Violation]:
    """Nothing is ever published under another name, so that the alarm stays in INSUFFICIENT_DATA."""
    for watched in metrics_of(alarm):
        namespace, name = watched.at("Namespace"), watched.at("MetricName")
        if namespace.text is None:
            continue
        if wanted := _meant(namespace.text, name.text or ""):
            yield Violation(at=namespace, allowed=wanted)
        elif name.text is not None and (allowed := _other_metrics(namespace.text, name.text)):
            yield Violation(at=name, allowed=allowed)


def _meant(namespace: str, metric: str) -> str | None:
    """Return the namespace that one which AWS does not have is meant to be."""
    if namespace == "AWS/Glue" and metric.startswith("glue."):
        return "Glue"
    if namespace in metric_namespaces():
        return None
    same = (known for known in metric_namespaces() if known.startswith("AWS/") and _folded(known) == _folded(namespace))
    return intended_namespace(namespace) or next(same, None)


def _other_metrics(namespace: str, metric: str) -> str:
    """Return the metrics that could stand in place of one that does not exist; empty if it may exist."""
    groups = metric_groups(namespace)
    if any(group.has(metric) for group in groups):
        return ""
    if groups:
        return ", ".join(sorted({name for group in groups for name in group.metrics}))
    names = metric_names(namespace)
    return next((name for name in names if metric not in names and _folded(name) == _folded(metric)), "")


def _folded(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


@rule(
    "LAKE-ALARMS-002",
    ALARM,
    title="An alarm has the dimensions that its metric is published with",
    fix="give all of the metric's dimensions, and no other",
    source=f"{_MONITORING}/cloudwatch_concepts.html",
)
def dimensions(alarm: Resource) -> Iterator[Violation]:
    """A metric of other dimensions is another metric, of which nothing is ever published."""
    for watched in metrics_of(alarm):
        node, metric = watched.at("Dimensions"), watched.at("MetricName").text
        groups = [group for group in metric_groups(watched.at("Namespace").text or "") if group.has(metric or "")]
        names = [item.at("Name").text for item in node.items()]
        if not groups or not (node.known or not node.present) or any(name is None for name in names):
            continue
        given = frozenset(name for name in names if name is not None)
        if not any(group.published_with(given) for group in groups):
            sets = [", ".join(sorted(one)) or "none" for group in groups for one in group.dimensions]
            yield Violation(at=node, found=", ".join(sorted(given)) or "none", allowed=" or ".join(dict.fromkeys(sets)))


@rule(
    "LAKE-ALARMS-003",
    ALARM,
    title="A dimension's value is of the kind that its name says",
    fix="give the name of the resource where the dimension is a name, its ARN where it is an ARN",
    source=f"{_MONITORING}/cloudwatch_concepts.html",
)
def dimension_values(alarm: Resource) -> Iterator[Violation]:
    """The metrics of AWS have the one or the other, and nothing is published for a value of the other kind."""
    for watched in metrics_of(alarm):
        if not (watched.at("Namespace").text or "").startswith(("AWS/", "Glue")):
            continue
        for item in watched.at("Dimensions").items():
            name, value = item.at("Name").text or "", item.at("Value")
            if name.endswith("Arn") and _is_name(value):
                yield Violation(at=value, found=value.rendered, allowed=f"an ARN for {name}")
            elif name.endswith(("Name", "Identifier")) and _is_arn(value):
                yield Violation(at=value, found=value.rendered, allowed=f"a name for {name}, not an ARN or a URL")


def _is_arn(value: Node) -> bool:
    match value.value:
        case str(text):
            return text.startswith(("arn:", "https://"))
        case {"Fn::GetAtt": [_, str(attribute)]}:
            return attribute.endswith("Arn")
        case {"Ref": str()}:
            return value.target is not None and value.target.kind in _REF_IS_NO_NAME
    return value.rendered.startswith("arn:")


def _is_name(value: Node) -> bool:
    match value.value:
        case str(text):
            return not text.startswith("arn:") and "${" not in text and not text.startswith("{{")
        case {"Fn::GetAtt": [_, str(attribute)]}:
            return attribute.endswith("Name")
    return False


@rule(
    "LAKE-ALARMS-004",
    *ALARMS,
    title="Actions of an alarm are what CloudWatch can start",
    fix="notify a standard topic, or invoke a function",
    source=f"{_API}/API_PutMetricAlarm.html",
)
def actions(alarm: Resource) -> Iterator[Violation]:
    """CloudWatch refuses other targets, and more than five in a state."""
    for name in ALARM_ACTIONS:
        node = alarm.at(name)
        if isinstance(node.value, list) and len(node.value) > 5:
            yield Violation(at=node, found=f"{len(node.value)} actions", allowed="5 or fewer")
        for action in node.items():
            target = action.target
            if target is None or not target.kind.startswith("AWS::"):
                continue
            if target.kind not in _ACTION_KINDS and isinstance(action.value, dict) and "Fn::Join" not in action.value:
                allowed = "a topic, a function, a scaling policy or a response plan"
                yield Violation(at=action, found=f"the {target.kind} {target.logical_id}", allowed=allowed)
            elif target.kind == "AWS::SNS::Topic" and target.at("FifoTopic").flag:
                yield Violation(at=action, found=f"the FIFO topic {target.logical_id}", allowed="a standard topic")


@rule(
    "LAKE-ALARMS-005",
    ALARM,
    title="Missing data and few samples are treated by words of CloudWatch",
    fix="choose one of the allowed words",
    source=f"{_API}/API_PutMetricAlarm.html",
)
def treatment(alarm: Resource) -> Iterator[Violation]:
    """CloudWatch refuses other words."""
    yield from one_of(alarm.at("TreatMissingData"), ("breaching", "notBreaching", "ignore", "missing"))
    samples = alarm.at("EvaluateLowSampleCountPercentile")
    yield from one_of(samples, ("evaluate", "ignore"))
    percentile = alarm.at("ExtendedStatistic")
    if samples.present and not percentile.present and alarm.at("Statistic").present:
        yield Violation(at=samples, allowed="nothing without a percentile in ExtendedStatistic")
