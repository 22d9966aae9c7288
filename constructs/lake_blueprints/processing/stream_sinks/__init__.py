"""Stream sinks: Lambda functions that hand the records of a Kinesis stream to applications, people and alarms."""

from lake_blueprints.processing.stream_sinks.newest_records import NewestRecords
from lake_blueprints.processing.stream_sinks.stream_alerts import StreamAlerts
from lake_blueprints.processing.stream_sinks.stream_metrics import StreamMetrics
from lake_blueprints.processing.stream_sinks.targets import CacheTarget

__all__ = (
    "CacheTarget",
    "NewestRecords",
    "StreamAlerts",
    "StreamMetrics",
)
