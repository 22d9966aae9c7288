"""The Lambda function that publishes the records of a stream to people and applications."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Unpack

from aws_cdk import Duration, RemovalPolicy, Token
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from lake_blueprints.contracts import Column, Dataset
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.dynamodb.permissions import remember_items
from lake_blueprints.foundation.access import allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.kinesis import Stream
from lake_blueprints.processing.stream_sinks.columns import check_columns, taken_columns
from lake_blueprints.processing.stream_sinks.permissions import publish_messages, put_events
from lake_blueprints.processing.stream_sinks.sink import SinkOptions, StreamSink
from lake_blueprints.storage.s3 import Zone

_PLACE = re.compile(r"\{([^{}]*)\}")


@checked
class StreamAlerts(StreamSink):
    """Define a Lambda function that publishes the records of a stream, such as anomalies, as alerts.

    A topic gets a message that people can read: the headline, and a line for each column. A bus gets an event whose
    detail has `dataset`, `headline` and `record`. Of the records about the same there is one alert in each quiet
    period. An alert is published at least once: again if the function fails between the alert and its note of it. A
    batch makes ten messages at most, and one more that lists the headlines of all others.

    Parameters
    ----------
    stream: Stream
        The stream, of one JSON object a record, whose members are called as the columns are.
    dataset: Dataset
        Contract of the records.
    about: sequence of str
        Columns whose values say what an alert is about, such as the device. Without columns all alerts are about the
        same.
    headline: str
        What has happened, with columns in braces: `Flight {flight} is {delay} minutes late`.
    errors: Zone
        Zone of the records that the function failed to take, below `aws/lambda/`.
    topic: sns.ITopic, optional
        Standard topic of the messages. By default there are none.
    bus: events.IEventBus, optional
        Bus of the events. By default there are none.
    quiet_period: Duration
        Time for which there are no further alerts about the same, at least 1 second. By default 15 minutes.
    event_source: str
        Source of the events; not one of AWS, `aws.…`. By default `lake`.
    detail_type: str, optional
        Type of the events' detail. By default `Alert` and the name of the dataset.
    **options
        Those that all sinks have, of `StreamSink`.

    Defines
    -------
    The function, as `function`, with its `role`, its `log_group` and its code as an asset; its mapping to the stream,
    as `mapping_id`; a table of what was alerted about, as `recent`, under the stream's key; with a topic of alarms, the
    four of `alarm_specs`. Idle, nothing of it is billed but the alarms.

    Raises
    ------
    ValueError
        If there is neither a topic nor a bus, the topic is a FIFO one, a column is none or is restricted, or an option
        is out of the range that its service takes.

    Notes
    -----
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html

    Example
    -------
        >>> stream, topic = Stream(self, "Stream"), sns.Topic(self, "Late")
        >>> flights, headline = contract["flights"], "Flight {flight} is {arr_delay} minutes late"
        >>> common = {"dataset": flights, "about": ["flight"], "headline": headline, "errors": raw}
        >>> StreamAlerts(self, "Alerts", stream=stream, topic=topic, **common)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stream: Stream,
        dataset: Dataset,
        about: Sequence[str],
        headline: str,
        errors: Zone,
        topic: sns.ITopic | None = None,
        bus: events.IEventBus | None = None,
        quiet_period: KnownDurationInSeconds | None = None,
        event_source: str = "lake",
        detail_type: str | None = None,
        **options: Unpack[SinkOptions],
    ) -> None:
        columns = taken_columns(dataset, restricted=options.get("restricted", False))
        quiet_period = quiet_period or Duration.minutes(15)
        _check(dataset, columns, about, headline)
        _check_places(topic, bus, event_source, quiet_period)
        self.topic, self.bus = topic, bus
        super().__init__(
            scope,
            construct_id,
            stream=stream,
            dataset=dataset,
            errors=errors,
            handler="lake_sinks.alerts.handler",
            description=f"Publishes records of the dataset {dataset.name} as alerts",
            environment={
                "ABOUT": ",".join(about),
                "HEADLINE": headline,
                "QUIET_SECONDS": str(int(quiet_period.to_seconds())),
            },
            **options,
        )
        self.recent = ServingTable(
            self,
            "Recent",
            partition_key=dynamodb.Attribute(name="subject", type=dynamodb.AttributeType.STRING),
            time_to_live="expires",
            encryption_key=stream.key,
            removal_policy=options.get("removal_policy", RemovalPolicy.RETAIN),
        )
        allow(self.role, *remember_items(self.recent.table, self.recent.key))
        variables = {"RECENT": self.recent.table_name}
        if topic:
            allow(self.role, *publish_messages(topic))
            variables["TOPIC"] = topic.topic_arn
        if bus:
            allow(self.role, put_events(bus))
            variables |= {
                "BUS": bus.event_bus_arn,
                "SOURCE": event_source,
                "DETAIL_TYPE": detail_type or f"Alert {dataset.name}",
            }
        for name, value in variables.items():
            self.function.add_environment(name, value)


def _check(dataset: Dataset, columns: Sequence[Column], about: Sequence[str], headline: str) -> None:
    check_columns("'about'", about, dataset, columns)
    check_columns("'headline'", _PLACE.findall(headline), dataset, columns)
    if not headline.strip():
        raise ValueError("'headline' must say what has happened, got none")


def _check_places(
    topic: sns.ITopic | None, bus: events.IEventBus | None, event_source: str, quiet_period: Duration
) -> None:
    if topic is None and bus is None:
        raise ValueError("alerts need a 'topic', for people, or a 'bus', for applications")
    if topic is not None and topic.fifo:
        raise ValueError("'topic' must be a standard topic, got a FIFO one, which sends no e-mails")
    if not Token.is_unresolved(event_source) and event_source.startswith("aws."):
        raise ValueError(f"'event_source' must not begin with 'aws.', as AWS's own do, got '{event_source}'")
    if not quiet_period.is_unresolved() and quiet_period.to_seconds(integral=False) < 1:
        raise ValueError("'quiet_period' must be at least 1 second")
