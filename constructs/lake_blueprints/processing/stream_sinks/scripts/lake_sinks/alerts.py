"""Alerts about the records of a stream, for people by a topic and for applications by a bus.

Above 200 lines: an alert's way from its record to its note.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3

from lake_sinks.batches import Row, read_batch
from lake_sinks.dataset import Dataset
from lake_sinks.texts import plain, shown

# Messages of their own about one batch; what is beyond them is listed in one more.
MOST_MESSAGES = 10
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_SUBJECT_LENGTH, _MESSAGE_BYTES = 100, 262_144


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Publish alerts about a batch; a batch may come twice, and what was published of it is not again."""
    batch = read_batch(event, _alerts().dataset)
    _alerts().publish(batch.rows)
    return batch.answer


class BusError(Exception):
    """The bus has not taken an event."""


@dataclass(frozen=True, kw_only=True)
class Recent:
    """Subjects of the latest alerts, in a table of DynamoDB.

    Parameters
    ----------
    client: client
        Client of DynamoDB.
    table: str
        Name of the table.
    quiet: int
        Seconds for which there are no further alerts about the same.
    """

    client: Any
    table: str
    quiet: int

    def has(self, subject: str) -> bool:
        """Tell whether there was an alert about it; DynamoDB may keep what has expired for days."""
        answer = self.client.get_item(TableName=self.table, Key={"subject": {"S": subject}}, ConsistentRead=True)
        return int(answer.get("Item", {}).get("expires", {}).get("N", 0)) > time.time()

    def add(self, subject: str) -> None:
        expires = {"N": str(int(time.time()) + self.quiet)}
        self.client.put_item(TableName=self.table, Item={"subject": {"S": subject}, "expires": expires})


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A record of which people or applications learn.

    Parameters
    ----------
    subject: str
        Hash of what it is about.
    headline: str
        What has happened, in a line.
    row: dict
        The record.
    """

    subject: str
    headline: str
    row: Row


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Alerts about the rows of a dataset.

    Parameters
    ----------
    dataset: Dataset
        The dataset.
    about: sequence of str
        Columns whose values say what an alert is about.
    headline: str
        What has happened, with columns in braces.
    recent: Recent
        Subjects of the latest alerts.
    topic: str, optional
        ARN of the topic. By default there is none.
    bus: str, optional
        Name or ARN of the bus. By default there is none.
    source, detail_type: str
        Of the events of the bus.
    sns, events: client, optional
        Clients of the topic's and the bus's service. By default there is none.
    """

    dataset: Dataset
    about: Sequence[str]
    headline: str
    recent: Recent
    topic: str | None = None
    bus: str | None = None
    source: str = ""
    detail_type: str = ""
    sns: Any = None
    events: Any = None

    def publish(self, rows: Sequence[Row]) -> None:
        """Publish the first row about each subject, unless there was an alert about it of late.

        A subject is noted after its alert: if anything fails in between, the alert comes twice and is not lost.
        """
        alerts = self._new(rows)
        for alert in alerts if self.bus else ():
            self._put_event(alert)
            if not self.topic:
                self.recent.add(alert.subject)
        if not self.topic:
            return
        for alert in alerts[:MOST_MESSAGES]:
            self._send(alert.headline, self._text(alert))
            self.recent.add(alert.subject)
        if rest := alerts[MOST_MESSAGES:]:
            self._send(f"{len(rest)} more alerts of {self.dataset.name}", "\n".join(one.headline for one in rest))
            for alert in rest:
                self.recent.add(alert.subject)

    def _new(self, rows: Sequence[Row]) -> list[Alert]:
        found: dict[str, Alert] = {}
        for row in rows:
            subject = self._subject(row)
            if subject not in found:
                found[subject] = Alert(subject=subject, headline=self._headline(row), row=row)
        return [alert for alert in found.values() if not self.recent.has(alert.subject)]

    def _subject(self, row: Row) -> str:
        # A hash: values may be longer than a key, or be nobody's business in another place.
        values = json.dumps([row.get(column) for column in self.about], default=plain)
        return hashlib.sha256(values.encode()).hexdigest()

    def _headline(self, row: Row) -> str:
        return re.sub(r"\{(\w+)\}", lambda name: shown(row.get(name[1])), self.headline)

    def _text(self, alert: Alert) -> str:
        lines = [f"{self.dataset.labels[column]}: {shown(value)}" for column, value in alert.row.items()]
        return "\n".join([alert.headline, "", *lines])

    def _send(self, headline: str, text: str) -> None:
        # Of a subject SNS takes ASCII in one line alone.
        subject = re.sub(r"[^\x20-\x7e]", "?", headline)[:_SUBJECT_LENGTH].strip() or self.dataset.name
        message = text.encode()[:_MESSAGE_BYTES].decode(errors="ignore")
        self.sns.publish(TopicArn=self.topic, Subject=subject, Message=message)

    def _put_event(self, alert: Alert) -> None:
        detail = {"dataset": self.dataset.name, "headline": alert.headline, "record": alert.row}
        entry = {
            "EventBusName": self.bus,
            "Source": self.source,
            "DetailType": self.detail_type,
            "Detail": json.dumps(detail, default=plain),
        }
        answer = self.events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            # The request succeeds also if the bus takes none of it.
            raise BusError(answer["Entries"][0]["ErrorCode"])


@cache
def _alerts() -> Alerts:
    given = os.environ
    topic, bus = given.get("TOPIC"), given.get("BUS")
    return Alerts(
        dataset=Dataset.load(),
        about=[column for column in given["ABOUT"].split(",") if column],
        headline=given["HEADLINE"],
        recent=Recent(client=boto3.client("dynamodb"), table=given["RECENT"], quiet=int(given["QUIET_SECONDS"])),
        topic=topic,
        bus=bus,
        source=given.get("SOURCE", ""),
        detail_type=given.get("DETAIL_TYPE", ""),
        sns=boto3.client("sns") if topic else None,
        events=boto3.client("events") if bus else None,
    )
