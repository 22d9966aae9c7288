"""Managed Service for Apache Flink: records of streams, processed while they come."""

from lake_blueprints.processing.flink.code import ApplicationCode, BoundCode, JavaApplication, PythonApplication
from lake_blueprints.processing.flink.runtime import FlinkRuntime
from lake_blueprints.processing.flink.step import StartStream, StopStream
from lake_blueprints.processing.flink.stream_processor import StreamProcessor

__all__ = (
    "ApplicationCode",
    "BoundCode",
    "FlinkRuntime",
    "JavaApplication",
    "PythonApplication",
    "StartStream",
    "StopStream",
    "StreamProcessor",
)
