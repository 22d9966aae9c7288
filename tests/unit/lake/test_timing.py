"""Timing: the longest pause of a schedule that the caller gives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aws_cdk import Duration
from aws_cdk import aws_events as events

from lake_blueprints.lake.timing import given_timing


@pytest.mark.parametrize(
    ("expression", "pause"),
    [
        ("cron(0 3 * * ? *)", timedelta(days=1)),
        ("cron(0/15 * * * ? *)", timedelta(minutes=15)),
        # EventBridge's Monday is 2.
        ("cron(0 9 ? * 2-6 *)", timedelta(days=3)),
        ("cron(0 9 ? * MON *)", timedelta(days=7)),
        ("rate(5 minutes)", timedelta(minutes=5)),
        ("rate(1 hour)", timedelta(hours=1)),
    ],
)
def test_is_found_out(expression: str, pause: timedelta) -> None:
    assert given_timing(events.Schedule.expression(expression)).pause == pause


@pytest.mark.parametrize("expression", ["cron(0 9 ? * 6L *)", "cron(0 9 L * ? *)", "cron(0 9 1W * ? *)",
                                        "cron(0 9 ? * 6#3 *)", "cron(0 9 * * ? 2030)", "cron(nonsense)"])  # fmt: skip
def test_is_not_known_beyond_a_rule_of_thumb(expression: str) -> None:
    assert given_timing(events.Schedule.expression(expression)).pause is None


def test_of_the_cdks_own_schedules_is_found_out() -> None:
    assert given_timing(events.Schedule.rate(Duration.hours(2))).pause == timedelta(hours=2)
