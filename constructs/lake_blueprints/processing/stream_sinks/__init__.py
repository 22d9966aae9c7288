"""Stream sinks: Lambda functions that hand the records of a Kinesis stream to applications and people."""

from lake_blueprints.processing.stream_sinks.newest_records import NewestRecords
from lake_blueprints.processing.stream_sinks.stream_alerts import StreamAlerts

__all__ = (
    "NewestRecords",
    "StreamAlerts",
)
