"""Amazon Timestream for InfluxDB: instances of InfluxDB 2."""

from lake_blueprints.databases.influxdb.time_series import TimeSeries

__all__ = ("TimeSeries",)
