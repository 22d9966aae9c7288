"""The metrics that AWS publishes, as far as the library's alarms are about them, and how CloudWatch evaluates an alarm.

https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html,
https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html,
https://docs.aws.amazon.com/opensearch-service/latest/developerguide/monitoring-pipeline-metrics.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html,
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Published:
    """A metric: its dimension, its unit, and samples of a period when something is wrong and of one when nothing is."""

    dimension: str
    unit: str
    wrong: Sequence[float]
    right: Sequence[float]


_FIREHOSE, _KINESIS, _MACHINE, _QUEUE = "DeliveryStreamName", "StreamName", "StateMachineArn", "QueueName"
_TABLE, _INGESTION = "TableName", "PipelineName"
DESTINATIONS = (
    "DeliveryToAmazonOpenSearchServerless",
    "DeliveryToAmazonOpenSearchService",
    "DeliveryToHttpEndpoint",
    "DeliveryToRedshift",
    "DeliveryToSnowflake",
    "DeliveryToSplunk",
)
PUBLISHED = {
    # The age of the oldest record that is not delivered; it stands still at the buffer's interval while all is well.
    ("AWS/Firehose", "DeliveryToS3.DataFreshness"): Published(
        dimension=_FIREHOSE, unit="Seconds", wrong=[290, 950], right=[290, 310]
    ),
    # Successful puts over all puts.
    ("AWS/Firehose", "DeliveryToS3.Success"): Published(dimension=_FIREHOSE, unit="None", wrong=[1, 0.5], right=[1, 1]),
    ("AWS/Firehose", "ThrottledRecords"): Published(dimension=_FIREHOSE, unit="Count", wrong=[0, 12], right=[0, 0]),
    ("AWS/Firehose", "ThrottledGetRecords"): Published(dimension=_FIREHOSE, unit="Count", wrong=[0, 1], right=[0, 0]),
    ("AWS/Firehose", "FailedConversion.Records"): Published(
        dimension=_FIREHOSE, unit="Count", wrong=[0, 1], right=[0, 0]
    ),
    # Successful invocations over all invocations.
    ("AWS/Firehose", "ExecuteProcessing.Success"): Published(
        dimension=_FIREHOSE, unit="None", wrong=[1, 0], right=[1, 1]
    ),
    # 1 while the limit is exceeded, else 0.
    ("AWS/Firehose", "PartitionCountExceeded"): Published(dimension=_FIREHOSE, unit="None", wrong=[0, 1], right=[0, 0]),
    **{
        # Of requests, commands, insert calls and documents: 1 for each that is taken and 0 for each that fails.
        ("AWS/Firehose", f"{destination}.Success"): Published(
            dimension=_FIREHOSE, unit="Count", wrong=[1, 0], right=[1, 1]
        )
        for destination in DESTINATIONS
    },
    **{
        ("AWS/Firehose", f"{destination}.DataFreshness"): Published(
            dimension=_FIREHOSE, unit="Seconds", wrong=[60, 950], right=[60, 310]
        )
        for destination in DESTINATIONS
    },
    ("AWS/Kinesis", "WriteProvisionedThroughputExceeded"): Published(
        dimension=_KINESIS, unit="Count", wrong=[0, 3], right=[0, 0]
    ),
    ("AWS/Kinesis", "ReadProvisionedThroughputExceeded"): Published(
        dimension=_KINESIS, unit="Count", wrong=[0, 3], right=[0, 0]
    ),
    # Of a stream that keeps records for a week.
    ("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds"): Published(
        dimension=_KINESIS, unit="Milliseconds", wrong=[0, 4 * 86_400_000], right=[0, 3 * 86_400_000]
    ),
    # Documents of the sub-pipeline `records`.
    ("AWS/OSIS", "records.opensearch.documentErrors.count"): Published(
        dimension=_INGESTION, unit="Count", wrong=[0, 2], right=[0, 0]
    ),
    ("AWS/OSIS", "records.opensearch.s3.dlqS3RecordsFailed.count"): Published(
        dimension=_INGESTION, unit="Count", wrong=[0, 1], right=[0, 0]
    ),
    # Each throttled event of a request counts.
    ("AWS/DynamoDB", "ReadThrottleEvents"): Published(dimension=_TABLE, unit="Count", wrong=[0, 2], right=[0, 0]),
    ("AWS/DynamoDB", "WriteThrottleEvents"): Published(dimension=_TABLE, unit="Count", wrong=[0, 2], right=[0, 0]),
    ("AWS/States", "ExecutionsFailed"): Published(dimension=_MACHINE, unit="Count", wrong=[1], right=[0]),
    ("AWS/States", "ExecutionsTimedOut"): Published(dimension=_MACHINE, unit="Count", wrong=[1], right=[0]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): Published(
        dimension=_QUEUE, unit="Count", wrong=[0, 1], right=[0, 0]
    ),
}

_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Average": mean,
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def state_after(alarm: dict[str, Any], periods: Sequence[Sequence[float]]) -> str:
    """Return the state of an alarm after periods with some samples each, or none.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarm-evaluation
    """
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    latest = periods[-alarm["EvaluationPeriods"] :]
    found = [
        breaches(_STATISTICS[alarm["Statistic"]](samples), alarm["Threshold"])
        if samples
        else {"breaching": True, "notBreaching": False}[alarm["TreatMissingData"]]
        for samples in latest
    ]
    return "ALARM" if sum(found) >= alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) else "OK"
