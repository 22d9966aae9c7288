"""Versions of Flink in which new applications can be defined."""

from __future__ import annotations

from enum import StrEnum


class FlinkRuntime(StrEnum):
    """Version of Flink.

    Those before 1.20 are not offered: AWS ends them one by one, and no new application should begin with one.

    Notes
    -----
    https://docs.aws.amazon.com/managed-flink/latest/java/release-version-list.html
    """

    FLINK_1_20 = "FLINK-1_20"
    FLINK_2_2 = "FLINK-2_2"
    FLINK_2_3 = "FLINK-2_3"

    @property
    def restarts_metric(self) -> str:
        """Metric that counts restarts; Flink 2 has removed that of Flink 1."""
        return "fullRestarts" if self is FlinkRuntime.FLINK_1_20 else "numRestarts"
