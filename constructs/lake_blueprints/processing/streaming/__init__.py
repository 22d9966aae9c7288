"""Streams: records checked, each once, enriched, counted and searched for anomalies, by Flink or a function."""

from lake_blueprints.processing.streaming.detectors import RandomCutForest, ZScore
from lake_blueprints.processing.streaming.measures import Count, Max, Mean, Measure, Min, Sum
from lake_blueprints.processing.streaming.outputs import (
    Anomalies,
    CleanRecords,
    LateRecords,
    Output,
    RejectedRecords,
    WindowAggregates,
)
from lake_blueprints.processing.streaming.plan import StreamPlan
from lake_blueprints.processing.streaming.reference import Reference
from lake_blueprints.processing.streaming.source import StreamSource
from lake_blueprints.processing.streaming.stream_function import StreamFunction

__all__ = (
    "Anomalies",
    "CleanRecords",
    "Count",
    "LateRecords",
    "Max",
    "Mean",
    "Measure",
    "Min",
    "Output",
    "RandomCutForest",
    "Reference",
    "RejectedRecords",
    "StreamFunction",
    "StreamPlan",
    "StreamSource",
    "Sum",
    "WindowAggregates",
    "ZScore",
)
