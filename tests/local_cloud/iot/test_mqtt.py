"""MQTT: devices with certificates and policies, an unmodified client, and the rules behind the broker."""

from __future__ import annotations

import json
import queue
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from local_cloud.cloud import LocalCloud
from local_cloud.errors import LocalCloudError
from tests.local_cloud.iot.test_rules import ROLE, VERSION, records

PATIENCE = 20
ARN = "arn:aws:iot:us-east-1:123456789012:"
THING = "${iot:Connection.Thing.ThingName}"
ATTACHED = {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": f"{ARN}{resource}", **more}


OWN = [
    allow("iot:Connect", f"client/{THING}", Condition=ATTACHED),
    allow("iot:Publish", f"topic/dt/{THING}/telemetry", Condition=ATTACHED),
    allow("iot:Publish", f"topic/$aws/rules/telemetry/dt/{THING}/telemetry", Condition=ATTACHED),
]
APPLICATION = [
    allow("iot:Connect", "client/app-?"),
    allow("iot:Subscribe", "topicfilter/dt/+/telemetry"),
    allow("iot:Receive", "topic/dt/*"),
]


class Fleet:
    """A cloud with a rule from telemetry to a stream, and devices."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud, self.iot = cloud, cloud.client("iot")
        cloud.client("kinesis").create_stream(StreamName="telemetry", ShardCount=1)
        action = {"kinesis": {"roleArn": ROLE, "streamName": "telemetry", "partitionKey": "${topic(2)}"}}
        sql = "SELECT *, clientid() AS client, topic(2) AS device FROM 'dt/+/telemetry'"
        payload = {"sql": sql, "actions": [action], **VERSION}
        self.iot.create_topic_rule(ruleName="telemetry", topicRulePayload=payload)
        self.policy("device", OWN)
        self.policy("application", APPLICATION)

    def policy(self, name: str, statements: list[dict[str, Any]]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.iot.create_policy(policyName=name, policyDocument=document)

    def certificate(self, policy: str, *things: str) -> dict[str, Any]:
        made: dict[str, Any] = self.iot.create_keys_and_certificate(setAsActive=True)
        self.iot.attach_policy(policyName=policy, target=made["certificateArn"])
        for thing in things:
            self.iot.create_thing(thingName=thing)
            self.iot.attach_thing_principal(thingName=thing, principal=made["certificateArn"])
        return made

    def client(self, certificate: dict[str, Any], client_id: str) -> Client:
        return Client(self.cloud, certificate, client_id)

    def taken(self) -> list[dict[str, Any]]:
        self.cloud.drain()
        return [json.loads(one["Data"]) for one in records(self.cloud, "telemetry")]


class Client:
    """paho's client of one device, as it would connect to AWS."""

    def __init__(self, cloud: LocalCloud, certificate: dict[str, Any], client_id: str) -> None:
        address = cloud.client("iot").describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"]
        self.host, _, port = address.partition(":")
        self.port = int(port)
        self.answers: queue.Queue[str] = queue.Queue()
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.subscribed: queue.Queue[bool] = queue.Queue()
        self.gone: queue.Queue[str] = queue.Queue()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False)
        self.paho.on_connect = lambda *given: self.answers.put(str(given[3]))
        self.paho.on_message = lambda *given: self.messages.put((given[2].topic, given[2].payload))
        self.paho.on_subscribe = lambda *given: self.subscribed.put(not given[3][0].is_failure)
        self.paho.on_disconnect = lambda *given: self._left(str(given[3]))
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("certificate.pem", "key.pem")]
            files[0].write_text(certificate["certificatePem"])
            files[1].write_text(certificate["keyPair"]["PrivateKey"])
            self.paho.tls_set(ca_certs=str(cloud.authority), certfile=str(files[0]), keyfile=str(files[1]))

    def _left(self, reason: str) -> None:
        for heard in (self.gone, self.answers):
            heard.put(reason)

    def connect(self) -> str:
        self.paho.connect(self.host, self.port)
        self.paho.loop_start()
        return self.answers.get(timeout=PATIENCE)

    def publish(self, topic: str, content: Any, *, qos: int = 1, wait: bool = True) -> None:
        sent = self.paho.publish(topic, json.dumps(content), qos=qos)
        if wait:
            sent.wait_for_publish(PATIENCE)

    def leave(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield Fleet(cloud)


@pytest.fixture
def client(fleet: Fleet, request: pytest.FixtureRequest) -> Callable[..., Client]:
    """Returns a maker of clients that are connected, and leave when the test ends."""

    def make(certificate: dict[str, Any], client_id: str) -> Client:
        made = fleet.client(certificate, client_id)
        request.addfinalizer(made.leave)
        assert made.connect() == "Success"
        return made

    return make


def test_each_message_of_a_device_reaches_the_rule_though_it_leaves_at_once(fleet: Fleet) -> None:
    device = fleet.client(fleet.certificate("device", "d1"), "d1")
    assert device.connect() == "Success"
    for number in range(200):
        device.publish("dt/d1/telemetry", {"n": number}, qos=number % 2, wait=number == 199)
    device.leave()
    found = [one for one in fleet.taken() if one["device"] == "d1"]
    assert sorted(one["n"] for one in found) == list(range(200))
    assert found[0] == {"n": 0, "client": "d1", "device": "d1"}


def test_basic_ingest_reaches_its_rule_alone(fleet: Fleet, client: Callable[..., Client]) -> None:
    listener = client(fleet.certificate("application"), "app-1")
    listener.paho.subscribe("dt/+/telemetry")
    assert listener.subscribed.get(timeout=PATIENCE)
    device = client(fleet.certificate("device", "d2"), "d2")
    device.publish("$aws/rules/telemetry/dt/d2/telemetry", {"n": 1})
    device.publish("dt/d2/telemetry", {"n": 2})
    assert listener.messages.get(timeout=PATIENCE) == ("dt/d2/telemetry", b'{"n": 2}')
    assert [one["n"] for one in fleet.taken() if one["device"] == "d2"] == [1, 2]


def test_what_is_published_by_http_reaches_subscribers(fleet: Fleet, client: Callable[..., Client]) -> None:
    listener = client(fleet.certificate("application"), "app-2")
    listener.paho.subscribe("dt/+/telemetry")
    assert listener.subscribed.get(timeout=PATIENCE)
    fleet.cloud.client("iot-data").publish(topic="dt/d0/telemetry", payload=b"{}")
    assert listener.messages.get(timeout=PATIENCE) == ("dt/d0/telemetry", b"{}")


def test_a_device_cannot_connect_as_another(fleet: Fleet) -> None:
    stranger = fleet.client(fleet.certificate("device", "d3"), "d4")
    assert stranger.connect() == "Not authorized"
    stranger.leave()


@pytest.mark.parametrize(
    ("topic", "qos"), [("dt/other/telemetry", 1), ("$aws/things/d5/shadow/update", 1), ("dt/d5/telemetry", 2)]
)
def test_a_message_that_is_refused_ends_the_connection(
    fleet: Fleet, client: Callable[..., Client], topic: str, qos: int
) -> None:
    thing = f"d5-{topic.count('/')}-{qos}"
    device = client(fleet.certificate("device", thing), thing)
    before = len(fleet.taken())
    device.publish(topic.replace("d5", thing), {"n": 1}, qos=qos, wait=False)
    assert device.gone.get(timeout=PATIENCE)
    assert len(fleet.taken()) == before


def test_a_subscription_that_no_policy_allows_is_refused(fleet: Fleet, client: Callable[..., Client]) -> None:
    device = client(fleet.certificate("device", "d6"), "d6")
    device.paho.subscribe("dt/#")
    assert not device.subscribed.get(timeout=PATIENCE)


def test_the_will_of_a_client_that_breaks_off_reaches_the_rule(fleet: Fleet) -> None:
    device = fleet.client(fleet.certificate("device", "d7"), "d7")
    device.paho.will_set("dt/d7/telemetry", json.dumps({"n": "gone"}))
    assert device.connect() == "Success"
    connection: Any = device.paho.socket()
    connection.shutdown(2)
    for _ in range(100):
        if found := [one for one in fleet.taken() if one["device"] == "d7"]:
            break
    device.leave()
    assert found == [{"n": "gone", "client": "d7", "device": "d7"}]


def test_a_certificate_that_was_made_inactive_no_longer_connects(fleet: Fleet) -> None:
    certificate = fleet.certificate("device", "d8")
    fleet.iot.update_certificate(certificateId=certificate["certificateId"], newStatus="INACTIVE")
    device = fleet.client(certificate, "d8")
    assert device.connect() != "Success"
    device.leave()


def test_a_condition_that_is_not_evaluated_is_refused_by_name(fleet: Fleet) -> None:
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    fleet.policy("conditional", [allow("iot:Connect", "client/*", Condition=condition)])
    device = fleet.client(fleet.certificate("conditional"), "d9")
    assert device.connect() == "Not authorized"
    device.leave()
    with pytest.raises(LocalCloudError, match="not IpAddress of aws:SourceIp"):
        fleet.cloud.drain()


def test_messages_that_no_rule_can_evaluate_are_reported(fleet: Fleet) -> None:
    fleet.policy("large", [allow("iot:Connect", "client/*"), allow("iot:Publish", "topic/*")])
    device = fleet.client(fleet.certificate("large"), "d10")
    assert device.connect() == "Success"
    device.publish("dt/d10/telemetry", "x" * 200_000)
    device.leave()
    with pytest.raises(LocalCloudError, match="at most 131072 bytes"):
        fleet.cloud.drain()
