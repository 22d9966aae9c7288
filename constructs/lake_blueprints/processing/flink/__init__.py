"""Managed Service for Apache Flink: streams, processed while records come."""

from lake_blueprints.processing.flink.code import ApplicationCode, BoundCode, JavaApplication, PythonApplication

__all__ = (
    "ApplicationCode",
    "BoundCode",
    "JavaApplication",
    "PythonApplication",
)
