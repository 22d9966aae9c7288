"""The sensors as MQTT clients: each with a certificate of its own, connected to the broker of IoT Core."""

from __future__ import annotations

import queue
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from examples.demo.errors import DemoError
from examples.devices.sensors import DEVICES, Message

_PATIENCE = 30
# Messages that may be unacknowledged at once: the sensors stay within a minute of each other.
_UNDER_WAY = 25


class Fleet:
    """All sensors; leave the context to disconnect them.

    Parameters
    ----------
    iot: object
        Client of IoT Core, which registers them.
    policy: str
        Name of the policy of their certificates.
    authority: Path
        The certificates by which they verify the broker.
    folder: Path
        Where certificates and keys are put.
    """

    def __init__(self, iot: Any, *, policy: str, authority: Path, folder: Path) -> None:
        self._iot, self._policy, self._authority, self._folder = iot, policy, authority, folder
        host, _, port = iot.describe_endpoint(endpointType="iot:Data-ATS")["endpointAddress"].partition(":")
        self._address = (host, int(port))
        self._clients: dict[str, mqtt.Client] = {}

    def __enter__(self) -> Fleet:
        for device in DEVICES:
            self._clients[device] = self._connected(device)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        for client in self._clients.values():
            client.disconnect()
            client.loop_stop()

    def publish(self, topic: str, messages: Sequence[Message], on_sent: Callable[[], None]) -> None:
        """Publish messages one after the other, each until the broker has acknowledged it.

        Parameters
        ----------
        topic: str
            Topic, with `{device}` for the name of a sensor.
        messages: sequence of Message
            The messages, in order.
        on_sent: callable
            Called for each.
        """
        under_way: deque[mqtt.MQTTMessageInfo] = deque()
        for message in messages:
            client = self._clients[message.device]
            under_way.append(client.publish(topic.format(device=message.device), message.payload, qos=1))
            if len(under_way) >= _UNDER_WAY:
                under_way.popleft().wait_for_publish(_PATIENCE)
            on_sent()
        for sent in under_way:
            sent.wait_for_publish(_PATIENCE)
            if not sent.is_published():
                raise DemoError("the broker has not acknowledged a message")

    def _connected(self, device: str) -> mqtt.Client:
        registered = self._iot.create_keys_and_certificate(setAsActive=True)
        self._iot.attach_policy(policyName=self._policy, target=registered["certificateArn"])
        self._iot.create_thing(thingName=device)
        self._iot.attach_thing_principal(thingName=device, principal=registered["certificateArn"])
        certificate, key = self._folder / f"{device}.pem", self._folder / f"{device}.key"
        certificate.write_text(registered["certificatePem"], encoding="utf-8")
        key.touch(mode=0o600)
        key.write_text(registered["keyPair"]["PrivateKey"], encoding="utf-8")
        answers: queue.Queue[str] = queue.Queue()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=device)
        client.on_connect = lambda *given: answers.put(str(given[3]))
        client.tls_set(str(self._authority), str(certificate), str(key), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        client.connect(*self._address)
        client.loop_start()
        if (answer := answers.get(timeout=_PATIENCE)) != "Success":
            raise DemoError(f"{device} could not connect: {answer}")
        return client
