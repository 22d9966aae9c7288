"""Environment: settings checked before anything is built."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_cdk import RemovalPolicy

from stacks.environment import ConfigurationError, Environment
from tests.support import ROOT

ENVIRONMENTS: dict[str, dict[str, Any]] = json.loads((ROOT / "cdk.json").read_text())["context"]["environments"]
ACCOUNT = {"account": "123456789012", "alarm_email": "oncall@example.com"}


def environment(name: str = "dev", **overrides: Any) -> Environment:
    return Environment.from_context(ENVIRONMENTS, name, overrides)


def test_dev_needs_no_account_and_lets_its_data_go() -> None:
    dev = environment()
    assert dev.target.account is None
    assert dev.removal_policy is RemovalPolicy.DESTROY


def test_prod_keeps_its_data_and_runs_every_night() -> None:
    prod = environment("prod", **ACCOUNT)
    assert (prod.target.account, prod.target.region) == ("123456789012", "eu-central-1")
    assert prod.removal_policy is RemovalPolicy.RETAIN
    assert prod.schedule == "cron(0 3 * * ? *)"


def test_the_command_line_wins_over_the_file() -> None:
    assert environment(region="us-gov-west-1").region == "us-gov-west-1"


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("test", {}, "unknown environment 'test'; cdk.json has dev, prod; choose one with -c environment=NAME"),
        ("prod", {}, "environment 'prod' needs an account; set it in cdk.json or give -c account="),
        (
            "prod",
            {"account": "123456789012"},
            "'prod' needs an address that alarms and failures are mailed to; .* -c alarm_",
        ),
        (
            "dev",
            {"alarm_email": "oncall"},
            "'alarm_email' of environment 'dev' must be a mail address, .*, got 'oncall'",
        ),
        ("dev", {"stream_retention_days": 0}, "'stream_retention_days' of .* must be a whole number from 1 to 365"),
        ("dev", {"az_count": "two"}, "'az_count' of environment 'dev' must be a whole number, got 'two'"),
        (
            "dev",
            {"availability_zones": "a"},
            "'availability_zones' of environment 'dev' must be a list of names or ids",
        ),
        ("dev", {"account": "12"}, "'account' of environment 'dev' must be an account number of 12 digits, got '12'"),
        ("dev", {"region": "Frankfurt"}, "'region' of environment 'dev' must be a Region's name"),
        ("dev", {"removal": "maybe"}, "'removal' of environment 'dev' must be one of destroy, retain, got 'maybe'"),
        ("dev", {"workers": 1}, "'workers' of environment 'dev' must be a whole number from 2 to 299, got '1'"),
        ("dev", {"workers": "many"}, "'workers' of environment 'dev' must be a whole number"),
        ("dev", {"log_retention_days": 31}, "'log_retention_days' of environment 'dev' must be one of 7, 30, 90, 180"),
        ("dev", {"table_optimizers": "no"}, "'table_optimizers' of environment 'dev' must be true or false, got 'no'"),
        ("dev", {"colour": "blue"}, "environment 'dev' has an unknown setting 'colour'; known are account"),
    ],
)
def test_refuses(name: str, overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        environment(name, **overrides)


def test_names_the_setting_that_is_missing() -> None:
    incomplete = {key: value for key, value in ENVIRONMENTS["dev"].items() if key != "owner"}
    with pytest.raises(ConfigurationError, match="environment 'dev' lacks the setting 'owner'; add it to"):
        Environment.from_context({"dev": incomplete}, "dev", {})
