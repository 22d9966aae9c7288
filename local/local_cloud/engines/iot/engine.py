"""IoT Core: moto's rules, which are evaluated for what is published by the API of its data plane and over MQTT.

The actions of a message that comes by the API are done before the publisher has its answer.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.core.responses import ActionResult
from moto.iot.exceptions import InvalidRequestException, IoTClientError
from moto.iot.models import FakeRule, IoTBackend, iot_backends

from local_cloud.engines.engine import Engine
from local_cloud.engines.iot.actions import KINDS, SETTINGS, Failure, Sender
from local_cloud.engines.iot.devices import PACKAGE, Devices
from local_cloud.engines.iot.evaluation import BASIC_INGEST, BY_HTTP, Message, selected
from local_cloud.engines.iot.formats import UnknownPattern
from local_cloud.engines.iot.functions import UndocumentedError
from local_cloud.engines.iot.parsing import SqlError, parse, parse_template
from local_cloud.engines.iot.topics import check_message, matches
from local_cloud.server.patching import Patches
from local_cloud.server.runtime import Runtime
from template_checks.limits import iot as limits

if TYPE_CHECKING:
    from local_cloud.mqtt.device_broker import DeviceBroker

_VERSION = "2016-03-23"
_create_topic_rule = IoTBackend.create_topic_rule


class SqlParseError(IoTClientError):  # type: ignore[misc]
    """A statement that IoT refuses, or the local cloud by name."""

    def __init__(self, message: str) -> None:
        super().__init__("SqlParseException", message)


class IotEngine(Engine):
    """Evaluates rules, and acts for them; has a broker in each Region whose endpoint was asked for."""

    drain_order = 0

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._brokers: dict[tuple[str, str], DeviceBroker] = {}
        self._ports: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def state(self) -> dict[tuple[str, str], int]:
        return {place: broker.port for place, broker in self._brokers.items()}

    def restore(self, state: dict[tuple[str, str], int] | None) -> None:
        self._ports = dict(state or {})

    def start(self) -> None:
        """Begin the brokers that there were, on the ports that devices know."""
        for account, region in self._ports:
            self._broker(iot_backends[account][region])

    def stop(self) -> None:
        for broker in self._brokers.values():
            broker.stop()
        self._brokers.clear()

    def drain(self) -> None:
        """Evaluate the rules for all that came over MQTT."""
        for broker in list(self._brokers.values()):
            broker.drain()

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.iot.models", "IoTBackend.create_topic_rule")
        def create_topic_rule(self: Any, rule_name: str, sql: str, **kwargs: Any) -> None:
            _check(sql, kwargs)
            _create_topic_rule(self, rule_name, sql, **kwargs)

        @patches.replace("moto.iot.models", "IoTBackend.replace_topic_rule")
        def replace_topic_rule(self: Any, rule_name: str, **kwargs: Any) -> None:
            _check(kwargs["sql"], kwargs)
            self.delete_topic_rule(rule_name)
            self.create_topic_rule(rule_name, **kwargs)

        @patches.replace("moto.iotdata.responses", "IoTDataPlaneResponse.publish")
        def publish(self: Any) -> str:
            topic = unquote(self.path.partition("/topics/")[2])
            backend, payload = self.iotdata_backend.iot_backend, bytes(self.body or b"")
            engine.publish(backend, topic, payload)
            broker = engine._brokers.get((backend.account_id, backend.region_name))
            if broker and not topic.startswith(BASIC_INGEST):
                broker.deliver(topic, payload)
            return "{}"

        @patches.replace("moto.iot.responses", "IoTResponse.describe_endpoint")
        def describe_endpoint(self: Any) -> ActionResult:
            kind = self._get_param("endpointType", "iot:Data")
            if kind != "iot:Data-ATS":
                raise InvalidRequestException(f"the local cloud has the endpoint iot:Data-ATS, and not {kind}")
            PACKAGE.require("the message broker of IoT Core")
            return ActionResult({"endpointAddress": f"localhost:{engine._broker(self.iot_backend).port}"})

        return patches

    def publish(self, backend: IoTBackend, topic: str, payload: bytes, client_id: str = BY_HTTP) -> None:
        """Evaluate the rules for a message."""
        check_message(topic, payload)
        message = Message(topic=topic, payload=payload, account=backend.account_id, client_id=client_id)
        for rule in list(backend.rules.values()):
            if rule.rule_disabled or not matches(rule, topic):
                continue
            try:
                self._evaluate(rule, message)
            except (UndocumentedError, UnknownPattern) as error:
                reason = f"the local cloud cannot evaluate the rule {rule.rule_name}: {error}"
                raise InvalidRequestException(reason) from None

    def _broker(self, backend: IoTBackend) -> DeviceBroker:
        place = (backend.account_id, backend.region_name)
        with self._lock:
            if place not in self._brokers:
                broker: type[DeviceBroker] = import_module("local_cloud.mqtt.device_broker").DeviceBroker
                devices = Devices(backend, self.publish)
                self._brokers[place] = broker(self.runtime, devices, port=self._ports.get(place))
            return self._brokers[place]

    def _evaluate(self, rule: FakeRule, message: Message) -> None:
        sender = Sender(runtime=self.runtime, region=rule.region_name, message=message)
        payload = selected(parse(rule.sql), message)
        sent = (sender.send(action, payload) for action in rule.actions) if payload is not None else ()
        failures = [failure for failure in sent if failure]
        if failures and rule.error_action:
            sender.send(rule.error_action, json.dumps(_told(rule, message, failures)).encode())


def _told(rule: FakeRule, message: Message, failures: list[Failure]) -> dict[str, Any]:
    """Return what the error action is given.

    https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
    """
    return {
        "ruleName": rule.rule_name,
        "topic": message.topic,
        "cloudwatchTraceId": str(uuid.uuid4()),
        "clientId": message.client_id,
        "base64OriginalPayload": base64.b64encode(message.payload).decode(),
        "failures": [failure.described() for failure in failures],
    }


def _check(sql: str, given: Mapping[str, Any]) -> None:
    if given.get("aws_iot_sql_version") != _VERSION:
        raise InvalidRequestException(
            f"the local cloud evaluates awsIotSqlVersion {_VERSION} alone, and IoT's default is 2015-10-08"
        )
    actions = given.get("actions") or []
    if len(actions) > (most := int(limits.ACTIONS.ends[1])):
        raise InvalidRequestException(f"A rule may have at most {most} actions")
    error_action = given.get("error_action")
    try:
        parse(sql)
        for action in [*actions, *([error_action] if error_action else [])]:
            for template in _checked_templates(action):
                parse_template(template)
    except SqlError as error:
        raise SqlParseError(str(error)) from None


def _checked_templates(action: Mapping[str, Any]) -> Iterator[str]:
    if len(action) != 1:
        raise InvalidRequestException("Exactly one action must be given in each element")
    ((name, settings),) = action.items()
    if name not in KINDS:
        raise InvalidRequestException(f"the local cloud has no action {name}, only {', '.join(sorted(KINDS))}")
    unknown = {key for key in settings if key not in SETTINGS[name]}
    if unknown:
        raise InvalidRequestException(f"the local cloud does not act on {min(unknown)} of the action {name}")
    yield from (value for key, value in settings.items() if key in ("key", "partitionKey"))
