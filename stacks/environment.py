"""Settings of the environments, validated before anything is built."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_logs as logs

from lake_blueprints.catalog.iceberg import WITHOUT_OPTIMIZERS, IcebergTableOptions

_REMOVAL = {"destroy": cdk.RemovalPolicy.DESTROY, "retain": cdk.RemovalPolicy.RETAIN}
_LOG_RETENTION = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    1827: logs.RetentionDays.FIVE_YEARS,
    3653: logs.RetentionDays.TEN_YEARS,
}
_WHOLE_NUMBERS = {
    "raw_retention_days": (1, 36_500),
    "stream_retention_days": (1, 365),
    "workers": (2, 299),
    "warehouse_rpu": (4, 1_024),
    "poll_seconds": (1, 3_600),
}
_TYPES = {"table_optimizers": (bool, "true or false"), "az_count": (int | None, "a whole number")}
# What would be guessed, or missed when something fails.
_REQUIRED_IN_PROD = {
    "account": "an account",
    "region": "a region",
    "alarm_email": "an address that alarms and failures are mailed to",
}


class ConfigurationError(ValueError):
    """An environment's settings are wrong; the message names the setting, the value and the fix."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The settings of one environment; `cdk.json` holds them under `environments`."""

    name: str
    account: str | None = None
    region: str | None = None
    removal: str
    raw_retention_days: int
    log_retention_days: int
    alarm_email: str | None = None
    shards: int | None = None
    stream_retention_days: int
    az_count: int | None = None
    availability_zones: tuple[str, ...] | None = None
    table_optimizers: bool
    workers: int
    warehouse_rpu: int
    schedule: str | None = None
    poll_seconds: int
    owner: str
    cost_center: str

    @classmethod
    def from_context(
        cls, environments: Mapping[str, Mapping[str, Any]], name: str, overrides: Mapping[str, Any]
    ) -> Environment:
        """Return the environment of that name.

        Parameters
        ----------
        environments: mapping
            The settings of every environment, by name.
        name: str
            The environment that was asked for.
        overrides: mapping
            Settings given on the command line; those that are None are left out.

        Raises
        ------
        ConfigurationError
            With the setting that is unknown, missing or out of range.
        """
        if name not in environments:
            raise ConfigurationError(
                f"unknown environment '{name}'; cdk.json has {', '.join(sorted(environments))}; "
                "choose one with -c environment=NAME"
            )
        settings = {**environments[name], **{key: value for key, value in overrides.items() if value is not None}}
        known = {field.name for field in fields(cls)} - {"name"}
        required = {field.name for field in fields(cls) if field.default is MISSING} - {"name"}
        if unknown := sorted(settings.keys() - known):
            raise ConfigurationError(
                f"environment '{name}' has an unknown setting '{unknown[0]}'; known are {', '.join(sorted(known))}"
            )
        if missing := sorted(required - settings.keys()):
            raise ConfigurationError(f"environment '{name}' lacks the setting '{missing[0]}'; add it to cdk.json")
        if isinstance(zones := settings.get("availability_zones"), list):
            settings["availability_zones"] = tuple(zones)
        return cls(name=name, **settings)

    def __post_init__(self) -> None:
        if self.removal not in _REMOVAL:
            self._refuse("removal", "one of destroy, retain")
        for setting, (lowest, highest) in _WHOLE_NUMBERS.items():
            value = getattr(self, setting)
            if not isinstance(value, int) or not lowest <= value <= highest:
                self._refuse(setting, f"a whole number from {lowest} to {highest}")
        for setting, (kind, allowed) in _TYPES.items():
            if not isinstance(getattr(self, setting), kind):
                self._refuse(setting, allowed)
        if self.log_retention_days not in _LOG_RETENTION:
            self._refuse("log_retention_days", f"one of {', '.join(map(str, _LOG_RETENTION))}")
        if self.account is not None and not re.fullmatch(r"\d{12}", str(self.account)):
            self._refuse("account", "an account number of 12 digits")
        if self.region is not None and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", str(self.region)):
            self._refuse("region", "a Region's name, for instance eu-central-1")
        if self.alarm_email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(self.alarm_email)):
            self._refuse("alarm_email", "a mail address, for instance oncall@example.com")
        self._check_zones()
        if self.name == "prod":
            for setting, what in _REQUIRED_IN_PROD.items():
                if getattr(self, setting) is None:
                    raise ConfigurationError(
                        f"environment 'prod' needs {what}; set it in cdk.json or give -c {setting}=..."
                    )

    def _check_zones(self) -> None:
        zones = self.availability_zones
        if zones is not None and not (isinstance(zones, tuple) and all(isinstance(zone, str) for zone in zones)):
            self._refuse("availability_zones", "a list of names or ids of Availability Zones")

    @property
    def removal_policy(self) -> cdk.RemovalPolicy:
        return _REMOVAL[self.removal]

    @property
    def log_retention(self) -> logs.RetentionDays:
        return _LOG_RETENTION[self.log_retention_days]

    @property
    def maintenance(self) -> IcebergTableOptions:
        """The optimizers of tables: the library's, or none."""
        return {} if self.table_optimizers else WITHOUT_OPTIMIZERS

    @property
    def target(self) -> cdk.Environment:
        return cdk.Environment(account=self.account, region=self.region)

    def _refuse(self, setting: str, allowed: str) -> None:
        raise ConfigurationError(
            f"'{setting}' of environment '{self.name}' must be {allowed}, got '{getattr(self, setting)}'"
        )
