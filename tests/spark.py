"""Jars of the Spark sessions that tests start in their own process.

A process has one JVM, whose class path is that of the first session: all sessions have the same.
"""

from __future__ import annotations

from pathlib import Path

from local_cloud.engines.glue.spark import iceberg_jar
from local_cloud.errors import LocalCloudError


def iceberg_jars() -> list[Path]:
    """Return Iceberg's jar, which Python 3.13 does not have; there, its own tests alone fail."""
    try:
        return [iceberg_jar()]
    except LocalCloudError:
        return []
