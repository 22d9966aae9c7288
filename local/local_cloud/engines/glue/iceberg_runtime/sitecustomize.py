"""Replace settings of Iceberg catalogs wherever a script gives them to Spark; Python imports it when it starts."""

from __future__ import annotations

from typing import Any

from iceberg_settings import replaced  # type: ignore[import-not-found]
from pyspark.conf import SparkConf
from pyspark.sql import SparkSession
from pyspark.sql.conf import RuntimeConfig

_set, _get_or_create, _set_at_run_time = SparkConf.set, SparkSession.Builder.getOrCreate, RuntimeConfig.set


def _set_replaced(self: SparkConf, key: str, value: str) -> SparkConf:
    for name, given in replaced(key, value).items():
        _set(self, name, given)
    return self


def _with_replaced_options(self: SparkSession.Builder) -> SparkSession:
    options: dict[str, Any] = {}
    for name, value in self._options.items():
        options |= replaced(name, value)
    self._options = options
    return _get_or_create(self)


def _set_replaced_at_run_time(self: RuntimeConfig, key: str, value: Any) -> None:
    for name, given in replaced(key, value).items():
        _set_at_run_time(self, name, given)


SparkConf.set = _set_replaced
SparkSession.Builder.getOrCreate = _with_replaced_options
RuntimeConfig.set = _set_replaced_at_run_time
