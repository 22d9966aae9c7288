"""Limits of Data Firehose."""

from __future__ import annotations

from template_checks.core.limit import Limit, Span

_STREAM = "AWS::KinesisFirehose::DeliveryStream"
_HINTS = "ExtendedS3DestinationConfiguration.BufferingHints"
_HTTP = "HttpEndpointDestinationConfiguration"
_SPLUNK = "SplunkDestinationConfiguration"
_API = "https://docs.aws.amazon.com/firehose/latest/APIReference"
_BUFFERING = f"{_API}/API_BufferingHints.html"
_PARTITIONING = "https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html"
_TRANSFORMATION = "https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html"
_PROCESSOR = "ExtendedS3DestinationConfiguration.ProcessingConfiguration.Processors"

BUFFER_SIZE = Limit(_STREAM, f"{_HINTS}.SizeInMBs", Span(1, 128), unit="MiB", source=_BUFFERING)
BUFFER_SIZE_HTTP = Limit(
    _STREAM,
    f"{_HTTP}.BufferingHints.SizeInMBs",
    Span(1, 64),
    unit="MiB",
    source=f"{_API}/API_HttpEndpointBufferingHints.html",
)
BUFFER_SIZE_SPLUNK = Limit(
    _STREAM,
    f"{_SPLUNK}.BufferingHints.SizeInMBs",
    Span(1, 5),
    unit="MiB",
    source=f"{_API}/API_SplunkBufferingHints.html",
)
BUFFER_INTERVAL_SPLUNK = Limit(
    _STREAM,
    f"{_SPLUNK}.BufferingHints.IntervalInSeconds",
    Span(0, 60),
    unit="seconds",
    source=f"{_API}/API_SplunkBufferingHints.html",
)
BUFFER_SIZE_OPENSEARCH = Limit(
    _STREAM,
    "AmazonopensearchserviceDestinationConfiguration.BufferingHints.SizeInMBs",
    Span(1, 100),
    unit="MiB",
    source=f"{_API}/API_AmazonopensearchserviceBufferingHints.html",
)
# With record format conversion or dynamic partitioning.
BUFFER_SIZE_REARRANGED = Limit(_STREAM, f"{_HINTS}.SizeInMBs", Span(64, 128), unit="MiB", source=_PARTITIONING)
BUFFER_INTERVAL = Limit(_STREAM, f"{_HINTS}.IntervalInSeconds", Span(0, 900), unit="seconds", source=_BUFFERING)
BUFFER_INTERVAL_PARTITIONED = Limit(
    _STREAM, f"{_HINTS}.IntervalInSeconds", Span(60, 900), unit="seconds", source=_PARTITIONING
)
TRANSFORM_BUFFER_SIZE = Limit(
    _STREAM, f"{_PROCESSOR}.BufferSizeInMBs", Span(0.2, 3), unit="MiB", source=_TRANSFORMATION
)
TRANSFORM_BUFFER_INTERVAL = Limit(
    _STREAM, f"{_PROCESSOR}.BufferIntervalInSeconds", Span(0, 900), unit="seconds", source=_TRANSFORMATION
)
TRANSFORM_RETRIES = Limit(_STREAM, f"{_PROCESSOR}.NumberOfRetries", Span(0, 300, 1), source=_TRANSFORMATION)
# Of every destination that has them.
RETRY = Limit(
    _STREAM,
    f"{_HTTP}.RetryOptions.DurationInSeconds",
    Span(0, 7200),
    unit="seconds",
    source=f"{_API}/API_HttpEndpointRetryOptions.html",
)
ACKNOWLEDGMENT = Limit(
    _STREAM,
    f"{_SPLUNK}.HECAcknowledgmentTimeoutInSeconds",
    Span(180, 600),
    unit="seconds",
    source=f"{_API}/API_SplunkDestinationConfiguration.html",
)
