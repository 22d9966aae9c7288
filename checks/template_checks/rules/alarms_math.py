"""Statistics, metric math and composite alarms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.senders import ALARMS
from template_checks.core.template import Node, Resource
from template_checks.core.values import matching, only_one, required
from template_checks.rules.alarms import ALARM

_API: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"
_MONITORING: Final = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"
_PERCENT: Final = r"(100(\.0+)?|\d{1,2}(\.\d{1,10})?)"
_RANGE: Final = r"(\(\s*[\d.]*%?\s*:\s*[\d.]*%?\s*\))"
_EXTENDED: Final = rf"(p{_PERCENT}|(tm|wm|tc|ts){_PERCENT}|(TM|WM|TC|TS|PR){_RANGE}|IQM)"
_STATISTICS: Final = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
# What an expression can have in lower case beside ids: words of queries stand in quotes.
_LOWER: Final = re.compile(r"(?<![\w.\"'#@/-])[a-z]\w*(?![\w(])(?!\s*\()")
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_BOUND: Final = "ANOMALY_DETECTION_BAND"
_STATES: Final = re.compile(r"\b(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(\"[^\"]*\"|'[^']*'|[^()\s]+)\s*\)")
_TOKENS: Final = re.compile(r"\s*([@()]|(?:AND|OR|NOT|TRUE|FALSE|AT_LEAST)\b)", re.IGNORECASE)


@rule(
    "LAKE-ALARMS-006",
    ALARM,
    title="A statistic is one that CloudWatch calculates",
    fix="give Statistic, or a percentile from p0.0 to p100 in ExtendedStatistic",
    source=f"{_MONITORING}/Statistics-definitions.html",
)
def statistics(alarm: Resource) -> Iterator[Violation]:
    """CloudWatch refuses others, and both for the same metric."""
    plain, extended = alarm.at("Statistic"), alarm.at("ExtendedStatistic")
    yield from only_one(plain, extended)
    if alarm.at("MetricName").present and not plain.present and not extended.present:
        yield Violation(at=plain, allowed=", ".join(_STATISTICS))
    yield from matching(extended, _EXTENDED, "p0.0 to p100, or a trimmed statistic such as tm99")
    for query in alarm.at("Metrics").items():
        stat = query.at("MetricStat.Stat")
        allowed = f"{', '.join(_STATISTICS)}, p0.0 to p100 or a trimmed statistic such as tm99"
        yield from matching(stat, rf"({'|'.join(_STATISTICS)}|{_EXTENDED})", allowed)


@rule(
    "LAKE-ALARMS-007",
    ALARM,
    title="Metric math is about metrics of the alarm",
    fix="refer to the Id of another element of Metrics, and return the data of one",
    source=f"{_API}/API_PutMetricAlarm.html",
)
def metric_math(alarm: Resource) -> Iterator[Violation]:
    """CloudWatch refuses ids that are not there, given twice or no identifiers, and several results."""
    queries = alarm.at("Metrics")
    yield from only_one(alarm.at("MetricName"), queries)
    if not isinstance(queries.value, list):
        if not alarm.at("MetricName").present and not queries.present:
            yield Violation(at=alarm.at("MetricName"), allowed="a metric, or several in Metrics")
        return
    for name in ("Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit"):
        yield from only_one(queries, alarm.at(name))
    ids = [query.at("Id").text for query in queries.items()]
    for query in queries.items():
        yield from _query(query)
        if None not in ids:
            yield from _references(query.at("Expression"), [one for one in ids if one is not None])
    if None not in ids and len(ids) != len(set(ids)):
        yield Violation(at=queries, found=", ".join(map(str, ids)), allowed="ids that are not given twice")
    results = [query.at("ReturnData") for query in queries.items()]
    returned = [one for one in results if one.flag is not False]
    band = alarm.at("ThresholdMetricId")
    if band.text and None not in ids and band.text not in ids:
        yield Violation(at=band, allowed=", ".join(map(str, ids)))
    if not band.present and all(one.flag is not None or not one.present for one in results) and len(returned) != 1:
        yield Violation(at=queries, found=f"{len(returned)} results", allowed="ReturnData true in exactly one")


def _query(query: Node) -> Iterator[Violation]:
    if not query.known:
        return
    yield from matching(query.at("Id"), r"[a-z]\w*", "a lower case letter, then letters, digits and _")
    expression, stat = query.at("Expression"), query.at("MetricStat")
    yield from only_one(stat, expression)
    if not stat.present and not expression.present:
        yield Violation(at=query, found="neither", allowed="a MetricStat or an Expression")
    period = stat.at("Period")
    if (
        period.number is not None
        and period.number not in {1, 5, 10, 20, 30}
        and (period.number % 60 or period.number < 60)
    ):
        yield Violation(at=period, allowed="1, 5, 10, 20, 30 or a multiple of 60")


def _references(expression: Node, ids: list[str]) -> Iterator[Violation]:
    text = expression.text
    # SEARCH and Metrics Insights have a language of their own; an alarm refuses the former.
    if text is None or re.match(r"\s*SELECT\b", text, re.IGNORECASE):
        return
    if re.search(r"\bSEARCH\s*\(", text):
        yield Violation(at=expression, allowed="an expression of single metrics: alarms take no SEARCH")
        return
    for name in sorted(set(_LOWER.findall(_QUOTED.sub("", text))) - set(ids)):
        if name not in {"true", "false", "e"}:
            yield Violation(at=expression, found=f"{name} in {text}", allowed=", ".join(ids))


@rule(
    "LAKE-ALARMS-008",
    ALARM,
    title="An alarm compares with a threshold, or with a band of expected values",
    fix="set Threshold, or ThresholdMetricId with an operator for bands",
    source=f"{_API}/API_PutMetricAlarm.html",
)
def threshold(alarm: Resource) -> Iterator[Violation]:
    """CloudWatch refuses both, neither, and an operator of the other kind."""
    band, plain, operator = alarm.at("ThresholdMetricId"), alarm.at("Threshold"), alarm.at("ComparisonOperator")
    yield from only_one(band, plain)
    if not band.present and alarm.at("EvaluationPeriods").present:
        yield from required(plain, "a Threshold, or a ThresholdMetricId")
    of_bands = {"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"}
    if operator.text is not None and band.present and operator.text not in of_bands:
        yield Violation(at=operator, allowed=", ".join(sorted(of_bands)))
    if operator.text in of_bands and not band.present:
        yield Violation(at=band, allowed=f"the Id of an {_BOUND} with {operator.text}")


@rule(
    "LAKE-ALARMS-009",
    "AWS::CloudWatch::CompositeAlarm",
    title="A composite alarm is a rule about alarms",
    fix="combine ALARM(name), OK(name) and INSUFFICIENT_DATA(name) by AND, OR and NOT, and refer to alarms of the app",
    source=f"{_API}/API_PutCompositeAlarm.html",
)
def composite(alarm: Resource) -> Iterator[Violation]:
    """CloudWatch refuses other rules, and those about alarms that do not exist yet."""
    node = alarm.at("AlarmRule")
    if not node.present or (node.text is None and "Fn::Join" not in node.value):
        return
    text = node.rendered
    # What a function of CloudFormation stands for outside of the names may be any part of a rule.
    if "${" in _STATES.sub("", text):
        return
    if not _is_rule(text):
        yield Violation(at=node, found=text, allowed="ALARM(name), OK(name) and the like with AND, OR and NOT")
        return
    names = [name.strip("\"'") for _, name in _STATES.findall(text)]
    yield from _unknown_alarms(node, names)


def _is_rule(text: str) -> bool:
    """Whether text has the form of an alarm rule: operands, and operators between them."""
    rest, depth, operand = _STATES.sub(" @ ", text), 0, False
    while rest.strip():
        token = _TOKENS.match(rest)
        if token is None:
            return False
        rest, word = rest[token.end() :], token[1].upper()
        if word == "AT_LEAST":
            return True
        # After an operand comes an operator or the end, anywhere else an operand, NOT or an opening.
        if operand != (word in {"AND", "OR", ")"}):
            return False
        depth += {"(": 1, ")": -1}.get(word, 0)
        operand = word in {"@", "TRUE", "FALSE", ")"}
        if depth < 0:
            return False
    return operand and depth == 0


def _unknown_alarms(node: Node, names: list[str]) -> Iterator[Violation]:
    alarms = list(node.resource.template.everywhere_of_type(*ALARMS))
    own = {name: one for one in alarms if (name := one.at("AlarmName").text)}
    template, needs = node.resource.template, node.resource.template.reachable(node.resource.logical_id)
    for name in names:
        there = own.get(name)
        if there is None and "${" not in name and "arn:" not in name:
            # A name of no alarm in the app may be that of another one, unless it is nearly one of them.
            for close in get_close_matches(name, own, n=1, cutoff=0.85):
                yield Violation(at=node, found=f"the alarm {name}", allowed=close)
        elif there is not None and there.template.name == template.name and there.logical_id not in needs:
            found = f"the alarm {name}, which may not be there yet"
            yield Violation(at=node, found=found, allowed=f"a Ref to {there.logical_id}, or a DependsOn on it")
