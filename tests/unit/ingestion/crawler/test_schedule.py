"""Cron expressions as Glue takes them."""

from __future__ import annotations

import pytest

from lake_blueprints.ingestion.crawler.schedule import check_schedule


@pytest.mark.parametrize(
    "schedule",
    [
        "cron(15 2 * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0/10 * ? * MON-FRI *)",
        "cron(0 8 1 * ? *)",
        "cron(0,30 6-20 L JAN,JUL ? 2026-2030)",
        "cron(0 0 ? * 6L *)",
        "cron(0 0 3W * ? *)",
    ],
)
def test_takes_what_glue_takes(schedule: str) -> None:
    assert check_schedule(schedule) == schedule


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("15 2 * * ? *", "six fields"),
        ("cron(15 2 * * ?)", "six fields"),
        ("cron(15 2 * * * *)", "a '[?]' for either"),
        ("cron(15 2 ? * ? *)", "a '[?]' for either"),
        ("cron(60 2 * * ? *)", "the minutes of a schedule must be 0 to 59, got '60'"),
        ("cron(15 24 * * ? *)", "the hours of a schedule must be 0 to 23, got '24'"),
        ("cron(15 2 0 * ? *)", "the day of month of a schedule must be 1 to 31, got '0'"),
        ("cron(15 2 * FOO ? *)", "the month of a schedule must be 1 to 12, got 'FOO'"),
        ("cron(15 2 ? * 8 *)", "the day of week of a schedule must be 1 to 7, got '8'"),
        ("cron(15 2 * * ? 1969)", "the year of a schedule must be 1970 to 2199, got '1969'"),
        ("cron(1-2-3 2 * * ? *)", "the minutes"),
        ("cron(1/x 2 * * ? *)", "the minutes"),
        ("cron(* 2 * * ? *)", "every 5 minutes at most"),
        ("cron(0/4 * * * ? *)", "every 5 minutes at most"),
    ],
)
def test_refuses_what_glue_refuses(schedule: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_schedule(schedule)
