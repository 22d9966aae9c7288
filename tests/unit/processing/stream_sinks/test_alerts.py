"""Alerts: what people read, what applications get, and what is held back."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from lake_sinks.alerts import MOST_MESSAGES, Alerts, BusError, Recent
from lake_sinks.dataset import Dataset

from local_cloud.cloud import LocalCloud

DATASET = Dataset(
    name="flights",
    types={"flight": "string", "delay": "double", "gate": "string"},
    labels={"flight": "Flight", "delay": "Minutes late", "gate": "gate"},
    required=(),
)


class People:
    """A topic with a queue, and alerts that are sent to it."""

    def __init__(self, cloud: LocalCloud, name: str) -> None:
        self.cloud = cloud
        sqs, sns, dynamodb = (cloud.client(service) for service in ("sqs", "sns", "dynamodb"))
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        self.topic = sns.create_topic(Name=name)["TopicArn"]
        arn = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "subject", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "subject", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.name = name

    def alerts(self, *, quiet: int = 900, **options: Any) -> Alerts:
        common = {
            "dataset": DATASET,
            "about": ["flight"],
            "headline": "Flight {flight} is {delay} minutes late",
            "recent": Recent(client=self.cloud.client("dynamodb"), table=self.name, quiet=quiet),
            "topic": self.topic,
            "sns": self.cloud.client("sns"),
        }
        return Alerts(**{**common, **options})

    @property
    def messages(self) -> list[tuple[str, str]]:
        """Subjects and texts of what was sent since."""
        client, found = self.cloud.client("sqs"), list[tuple[str, str]]()
        while messages := client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                found.append((body["Subject"], body["Message"]))
                client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture
def people(cloud: LocalCloud, request: pytest.FixtureRequest) -> People:
    return People(cloud, request.node.name[-70:].strip("_"))


def late(flight: str, delay: str = "95.50", **values: Any) -> dict[str, Any]:
    return {"flight": flight, "delay": Decimal(delay), **values}


def test_a_message_is_a_headline_and_a_line_for_each_column(people: People) -> None:
    people.alerts().publish([late("LH 400", gate="B\n12")])
    headline = "Flight LH 400 is 95.50 minutes late"
    assert people.messages == [(headline, f"{headline}\n\nFlight: LH 400\nMinutes late: 95.50\ngate: B\n12")]


def test_a_subject_is_what_sns_takes(people: People) -> None:
    people.alerts(headline="Zürich\n{flight} {gate}").publish([late("x" * 200)])
    ((subject, text),) = people.messages
    assert subject == f"Z?rich?{'x' * 93}"
    assert text.startswith(f"Zürich\n{'x' * 200} -")


def test_about_the_same_there_is_one_alert_in_a_quiet_period(people: People) -> None:
    people.alerts().publish([late("A", "10"), late("A", "11"), late("B")])
    people.alerts().publish([late("A", "12"), late("C")])
    assert [subject.split()[1] for subject, _ in people.messages] == ["A", "B", "C"]


def test_after_the_quiet_period_there_is_another(people: People) -> None:
    people.alerts(quiet=0).publish([late("A", "10")])
    people.alerts(quiet=0).publish([late("A", "12")])
    assert [subject.split()[3] for subject, _ in people.messages] == ["10", "12"]


def test_about_nothing_in_particular_all_alerts_are_the_same(people: People) -> None:
    people.alerts(about=[]).publish([late("A"), late("B")])
    assert len(people.messages) == 1


def test_a_storm_makes_ten_messages_and_one_with_the_others(people: People) -> None:
    rows = [late(f"F{number}") for number in range(500)]
    people.alerts().publish(rows)
    *single, (subject, text) = sorted(people.messages, key=lambda message: "more" in message[0])
    assert len(single) == MOST_MESSAGES
    assert subject == "490 more alerts of flights"
    assert text.split("\n") == [f"Flight F{number} is 95.50 minutes late" for number in range(10, 500)]
    people.alerts().publish(rows)
    assert people.messages == []


class Broken:
    """A topic that fails at its second message."""

    def __init__(self, publish: Callable[..., Any]) -> None:
        self._publish, self.calls = publish, 0

    def publish(self, **request: Any) -> None:
        self.calls += 1
        if self.calls == 2:
            raise RuntimeError("throttled")
        self._publish(**request)


def test_after_a_failure_what_was_sent_is_not_sent_again_and_nothing_is_lost(people: People, cloud: LocalCloud) -> None:
    rows = [late("A"), late("B"), late("C")]
    with pytest.raises(RuntimeError, match="throttled"):
        people.alerts(sns=Broken(cloud.client("sns").publish)).publish(rows)
    people.alerts().publish(rows)
    assert [subject.split()[1] for subject, _ in people.messages] == ["A", "B", "C"]


EVENT = {
    "EventBusName": "bus",
    "Source": "lake",
    "DetailType": "Alert flights",
    "Detail": json.dumps(
        {
            "dataset": "flights",
            "headline": "Flight A is 95.50 minutes late",
            "record": {"flight": "A", "delay": 95.5},
        }
    ),
}


def to_bus(people: People, *answers: dict[str, Any]) -> tuple[Alerts, Stubber]:
    # The local cloud refuses PutEvents; the stub holds requests and answers against the service's model.
    client = boto3.client("events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(client)
    for answer in answers:
        stub.add_response("put_events", answer, {"Entries": [EVENT]})
    stub.activate()
    bus = {"topic": None, "bus": "bus", "source": "lake", "detail_type": "Alert flights", "events": client}
    return people.alerts(**bus), stub


def test_a_bus_gets_the_record_as_an_event(people: People) -> None:
    alerts, stub = to_bus(people, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    alerts.publish([late("A")])
    alerts.publish([late("A")])
    stub.assert_no_pending_responses()


def test_an_event_that_the_bus_does_not_take_is_put_again_with_the_batch(people: People) -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "Slow down"}]}
    alerts, stub = to_bus(people, refused, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    with pytest.raises(BusError, match="ThrottlingException"):
        alerts.publish([late("A")])
    alerts.publish([late("A")])
    stub.assert_no_pending_responses()
