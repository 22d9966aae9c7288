"""Budgets and anomalies of cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import absent, at_least, between, matching, one_of, only_one, required

BUDGET: Final = "AWS::Budgets::Budget"
ANOMALIES: Final = "AWS::CE::AnomalySubscription"
_API: Final = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference"
_UNITS: Final = ("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY", "CUSTOM")
_KINDS: Final = (
    *("COST", "USAGE", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE"),
)
_OPERATORS: Final = ("GREATER_THAN", "LESS_THAN", "EQUAL_TO")


@rule(
    "LAKE-BUDGETS-001",
    BUDGET,
    title="A budget is for a time and of a kind that AWS Budgets has",
    fix="choose DAILY, MONTHLY, QUARTERLY or ANNUALLY, and one limit",
    source=f"{_API}/API_budgets_Budget.html",
)
def budget(resource: Resource) -> Iterator[Violation]:
    """AWS Budgets refuses others."""
    budget = resource.at("Budget")
    unit, kind, limit = budget.at("TimeUnit"), budget.at("BudgetType"), budget.at("BudgetLimit")
    planned, adjusted = budget.at("PlannedBudgetLimits"), budget.at("AutoAdjustData")
    yield from one_of(unit, _UNITS)
    yield from one_of(kind, _KINDS)
    yield from only_one(limit, planned, adjusted)
    if kind.text in {"COST", "USAGE"} and not any(one.present for one in (limit, planned, adjusted)):
        yield Violation(at=limit, allowed=f"an amount for {kind.text}")
    if kind.text is not None and kind.text.startswith(("RI_", "SAVINGS_")):
        yield from between(limit.at("Amount"), 0, 100, "percent")
        if limit.at("Unit").text not in {None, "PERCENTAGE"}:
            yield Violation(at=limit.at("Unit"), allowed=f"PERCENTAGE for {kind.text}")
        yield from absent(planned, f"for {kind.text}")
    if kind.text == "COST" and limit.at("Unit").text is not None:
        yield from matching(limit.at("Unit"), r"[A-Z]{3}", "a currency such as USD")
    yield from at_least(limit.at("Amount"), 0)
    if planned.present and unit.text in {"DAILY", "ANNUALLY"}:
        yield Violation(at=unit, allowed="MONTHLY or QUARTERLY with PlannedBudgetLimits")
    yield from matching(budget.at("BudgetName"), r"[^:\\]{1,100}", "up to 100 characters without ':' and '\\'")


@rule(
    "LAKE-BUDGETS-002",
    BUDGET,
    title="A budget notifies up to ten addresses or a topic, at a threshold",
    fix="give one SNS topic and up to 10 addresses to each of up to 10 notifications",
    source=f"{_API}/API_budgets_Notification.html",
)
def notifications(resource: Resource) -> Iterator[Violation]:
    """AWS Budgets refuses others."""
    listed = resource.at("NotificationsWithSubscribers")
    if isinstance(listed.value, list) and len(listed.value) > 10:
        yield Violation(at=listed, found=f"{len(listed.value)} notifications", allowed="10 or fewer")
    for one in listed.items():
        notification, subscribers = one.at("Notification"), one.at("Subscribers")
        yield from one_of(notification.at("NotificationType"), ("ACTUAL", "FORECASTED"))
        yield from one_of(notification.at("ComparisonOperator"), _OPERATORS)
        yield from one_of(notification.at("ThresholdType"), ("PERCENTAGE", "ABSOLUTE_VALUE"))
        if one.known:
            yield from required(subscribers, "1 to 11 subscribers")
        yield from _subscribers(subscribers)
        budget = resource.at("Budget")
        if notification.at("NotificationType").text == "FORECASTED" and budget.at("TimeUnit").text == "DAILY":
            yield Violation(at=notification.at("NotificationType"), allowed="ACTUAL for a DAILY budget")


def _subscribers(subscribers: Node) -> Iterator[Violation]:
    kinds = [one.at("SubscriptionType") for one in subscribers.items()]
    for one, kind in zip(subscribers.items(), kinds, strict=True):
        yield from one_of(kind, ("EMAIL", "SNS"))
        address = one.at("Address")
        if address.text and not address.text.startswith("{{"):
            if kind.text == "EMAIL":
                yield from matching(address, r"[^@\s]+@[^@\s]+", "an address for EMAIL")
            elif kind.text == "SNS":
                yield from matching(address, r"arn:[^:]+:sns:.+", "the ARN of a topic for SNS")
    texts = [kind.text for kind in kinds]
    if texts.count("SNS") > 1:
        yield Violation(at=subscribers, found=f"{texts.count('SNS')} topics", allowed="one")
    if texts.count("EMAIL") > 10:
        yield Violation(at=subscribers, found=f"{texts.count('EMAIL')} addresses", allowed="10 or fewer")


@rule(
    "LAKE-BUDGETS-003",
    ANOMALIES,
    title="Anomalies are sent as often as their subscribers take them",
    fix="send IMMEDIATE to one topic, DAILY or WEEKLY to addresses",
    source=f"{_API}/API_AnomalySubscription.html",
)
def anomalies(subscription: Resource) -> Iterator[Violation]:
    """Cost Explorer refuses others."""
    frequency = subscription.at("Frequency")
    yield from one_of(frequency, ("IMMEDIATE", "DAILY", "WEEKLY"))
    for one in subscription.at("Subscribers").items():
        kind = one.at("Type")
        if kind.text == "SNS" and frequency.text in {"DAILY", "WEEKLY"}:
            yield Violation(at=frequency, allowed="IMMEDIATE for a topic")
        if kind.text == "EMAIL" and frequency.text == "IMMEDIATE":
            yield Violation(at=frequency, allowed="DAILY or WEEKLY for addresses")
