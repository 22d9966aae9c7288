"""Schedules as contracts write them, and as EventBridge and Glue take them."""

from __future__ import annotations

import pytest

from template_checks.core.schedules import (
    EVENTBRIDGE,
    UNIX,
    ScheduleError,
    glue_schedule_problem,
    parse_cron,
    schedule_problem,
)

# The examples of https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html come first.
GLUE = [
    "cron(15 12 * * ? *)",
    "cron(0 18 ? * MON-FRI *)",
    "cron(0 8 1 * ? *)",
    "cron(0/15 * * * ? *)",
    "cron(0/10 * ? * MON-FRI *)",
    "cron(0/5 8-17 ? * MON-FRI *)",
    "cron(0,30 6-20 L JAN,JUL ? 2026-2030)",
    "cron(0 0 ? * 6L *)",
    "cron(0 0 3W * ? *)",
    "cron(15 2 ? * mon *)",
    "cron(0 0 ? * FRI-MON *)",
]


@pytest.mark.parametrize("expression", GLUE)
def test_glue_takes_its_documented_schedules(expression: str) -> None:
    assert glue_schedule_problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("15 2 * * ? *", "six fields in cron"),
        ("cron(15 2 * * ?)", "six fields in cron"),
        ("rate(5 minutes)", "six fields in cron"),
        ("cron(15 2 * * * *)", "a '?' for either"),
        ("cron(15 2 ? * ? *)", "a '?' for either"),
        ("cron(60 2 * * ? *)", "minutes of 0 to 59"),
        ("cron(? 2 * * ? *)", "minutes of 0 to 59"),
        ("cron(15 24 * * ? *)", "hours of 0 to 23"),
        ("cron(15 2 0 * ? *)", "day of month of 1 to 31"),
        ("cron(15 2 99W * ? *)", "day of month of 1 to 31"),
        ("cron(15 2 * FOO ? *)", "month of 1 to 12"),
        ("cron(15 2 ? * 8 *)", "day of week of 1 to 7"),
        ("cron(15 2 ? * 9#9 *)", "day of week of 1 to 7"),
        # Glue's page lists no `#`.
        ("cron(15 2 ? * MON#1 *)", "day of week of 1 to 7"),
        ("cron(15 2 * * ? 1969)", "year of 1970 to 2199"),
        ("cron(1-2-3 2 * * ? *)", "minutes of"),
        ("cron(1/x 2 * * ? *)", "minutes of"),
        ("cron(* 2 * * ? *)", "every 5 minutes at most"),
        ("cron(0/4 * * * ? *)", "every 5 minutes at most"),
        ("cron(0,2 3 * * ? *)", "every 5 minutes at most"),
        ("cron(0,58 * * * ? *)", "every 5 minutes at most"),
    ],
)
def test_glue_refuses_other_schedules(expression: str, problem: str) -> None:
    assert problem in (glue_schedule_problem(expression) or "")


def test_the_last_start_of_an_hour_may_be_close_to_the_first_of_one_that_has_none() -> None:
    assert glue_schedule_problem("cron(0,58 3,9 * * ? *)") is None


@pytest.mark.parametrize(
    "expression",
    ["cron(0 10 ? * MON#1 *)", "cron(0 10 ? * 6#3 *)", "cron(0 10 ? * L *)", "cron(* * * * ? *)", "rate(1 hour)"],
)
def test_eventbridge_takes_its_documented_schedules(expression: str) -> None:
    assert schedule_problem(expression) is None


@pytest.mark.parametrize(
    "expression", ["cron(0 10 ? * MON#6 *)", "cron(0 2 * * *)", "rate(1 hours)", "rate(0 minutes)", "at(tomorrow)"]
)
def test_eventbridge_refuses_other_schedules(expression: str) -> None:
    assert schedule_problem(expression, once=True)


def test_a_range_may_go_past_saturday_in_aws_and_not_in_unix() -> None:
    assert parse_cron("cron(0 0 ? * FRI-MON *)", EVENTBRIDGE).numbers[4] == (1, 2, 6, 7)
    with pytest.raises(ScheduleError, match="day of week of 0 to 7"):
        parse_cron("0 0 * * fri-mon", UNIX)


def test_days_that_only_a_calendar_knows_have_no_numbers() -> None:
    assert parse_cron("cron(0 0 1,L * ? *)", EVENTBRIDGE).numbers[2] is None
