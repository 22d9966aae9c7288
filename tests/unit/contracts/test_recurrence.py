"""Recurrence: from five fields to six, and the longest pause, computed by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lake_blueprints.contracts.recurrence import Recurrence
from template_checks.core.schedules import schedule_problem


@pytest.mark.parametrize(
    ("text", "expression", "pause"),
    [
        ("0 3 * * *", "cron(0 3 * * ? *)", timedelta(days=1)),
        ("* * * * *", "cron(* * * * ? *)", timedelta(minutes=1)),
        ("*/15 * * * *", "cron(0,15,30,45 * * * ? *)", timedelta(minutes=15)),
        ("5/20 * * * *", "cron(5,25,45 * * * ? *)", timedelta(minutes=20)),
        # From Friday to Monday.
        ("0 9 * * 1-5", "cron(0 9 ? * MON,TUE,WED,THU,FRI *)", timedelta(days=3)),
        ("0 12 * * 0", "cron(0 12 ? * SUN *)", timedelta(days=7)),
        ("0 12 * * 7", "cron(0 12 ? * SUN *)", timedelta(days=7)),
        # From the 15th to the 1st of a month of 31 days.
        ("30 6 1,15 * *", "cron(30 6 1,15 * ? *)", timedelta(days=17)),
        # From 17:00 to 8:00.
        ("0 8-17 * * *", "cron(0 8,9,10,11,12,13,14,15,16,17 * * ? *)", timedelta(hours=15)),
        ("0 0 1 jan,JUL *", "cron(0 0 1 1,7 ? *)", timedelta(days=184)),
        # 2028 is the only leap year near; four years and a bit is the rule of thumb.
        ("0 0 29 2 *", "cron(0 0 29 2 ? *)", timedelta(days=1464)),
    ],
)
def test_means_the_same_to_eventbridge(text: str, expression: str, pause: timedelta) -> None:
    found = Recurrence.of_contract(text)
    assert found.expression() == expression
    assert found.longest_pause() == pause
    assert schedule_problem(expression) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 3 * *", "a schedule has five fields, for instance '0 3 \\* \\* \\*', got '0 3 \\* \\*'"),
        ("60 3 * * *", "minutes of 0 to 59"),
        ("0 24 * * *", "hours of 0 to 23"),
        ("0 0 0 * *", "day of month of 1 to 31"),
        ("0 0 * 13 *", "month of 1 to 12"),
        ("0 0 * foo *", "month of 1 to 12"),
        ("0 12 * * sat-sun", "day of week of 0 to 7"),
        ("0/0 0 * * *", "minutes of 0 to 59"),
        ("0 0 13 * 5", "starts on days of the month and on days of the week; EventBridge takes one"),
    ],
)
def test_refuses(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recurrence.of_contract(text)


@pytest.mark.parametrize(
    ("text", "pause"),
    [("0 9 * * 1-5", timedelta(days=1)), ("30 6 1,15 * *", timedelta(days=14)), ("0 8-17 * * *", timedelta(hours=1))],
)
def test_the_shortest_pause_is_that_of_the_busiest_time(text: str, pause: timedelta) -> None:
    assert Recurrence.of_contract(text).shortest_pause() == pause


@pytest.mark.parametrize(
    ("expression", "pause"),
    [
        ("cron(0 9 ? * 2-6 *)", timedelta(days=3)),
        ("cron(0 9 ? * FRI-MON *)", timedelta(days=4)),
        ("cron(0/15 * * * ? *)", timedelta(minutes=15)),
    ],
)
def test_reads_what_eventbridge_takes(expression: str, pause: timedelta) -> None:
    found = Recurrence.of_eventbridge(expression)
    assert found
    assert found.longest_pause() == pause


@pytest.mark.parametrize("expression", ["cron(0 9 L * ? *)", "cron(0 9 ? * 6#1 *)", "cron(0 9 * * ? 2027)", "cron(9)"])
def test_knows_no_pause_of_days_that_only_a_calendar_knows(expression: str) -> None:
    assert Recurrence.of_eventbridge(expression) is None
