"""IoT Core: moto's rules, which are evaluated for what is published by the API of its data plane.

The actions of a message are done before the publisher has its answer. Policies of devices are kept and not enforced,
and there is no broker: MQTT clients and subscribers have nothing to connect to.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from moto.iot.exceptions import InvalidRequestException, IoTClientError
from moto.iot.models import FakeRule, IoTBackend

from local_cloud.engines.engine import Engine
from local_cloud.engines.iot.actions import KINDS, SETTINGS, Failure, Sender
from local_cloud.engines.iot.evaluation import Message, selected
from local_cloud.engines.iot.formats import UnknownPattern
from local_cloud.engines.iot.functions import UndocumentedError
from local_cloud.engines.iot.parsing import SqlError, parse, parse_template
from local_cloud.server.patching import Patches
from template_checks.limits import iot as limits

_VERSION = "2016-03-23"
_BASIC_INGEST = "$aws/rules/"
_create_topic_rule = IoTBackend.create_topic_rule


class SqlParseError(IoTClientError):  # type: ignore[misc]
    """A statement that IoT refuses, or the local cloud by name."""

    def __init__(self, message: str) -> None:
        super().__init__("SqlParseException", message)


class IotEngine(Engine):
    """Evaluates rules, and acts for them."""

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
            engine._publish(self.iotdata_backend.iot_backend, topic, bytes(self.body or b""))
            return "{}"

        return patches

    def _publish(self, backend: IoTBackend, topic: str, payload: bytes) -> None:
        _check_message(topic, payload)
        message = Message(topic=topic, payload=payload, account=backend.account_id)
        for rule in list(backend.rules.values()):
            if rule.rule_disabled or not _matches(rule, topic):
                continue
            try:
                self._evaluate(rule, message)
            except (UndocumentedError, UnknownPattern) as error:
                reason = f"the local cloud cannot evaluate the rule {rule.rule_name}: {error}"
                raise InvalidRequestException(reason) from None

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
        "clientId": "n/a",
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


def _check_message(topic: str, payload: bytes) -> None:
    levels = topic.split("/")[3 if topic.startswith(_BASIC_INGEST) else 0 :]
    if len(payload) > limits.PAYLOAD_BYTES:
        raise InvalidRequestException(f"A payload has at most {limits.PAYLOAD_BYTES} bytes, got {len(payload)}")
    if len(levels) > limits.LEVELS or any(sign in topic for sign in "+#"):
        raise InvalidRequestException(f"Topics have at most {limits.LEVELS} levels and neither + nor #, got {topic}")


def _matches(rule: FakeRule, topic: str) -> bool:
    """Tell whether a rule is about messages of a topic.

    https://docs.aws.amazon.com/iot/latest/developerguide/iot-basic-ingest.html
    """
    if topic.startswith(_BASIC_INGEST):
        return bool(topic.split("/")[2] == rule.rule_name)
    found = parse(rule.sql).topic
    return found is not None and fits(found, topic)


def fits(topic_filter: str, topic: str) -> bool:
    """Tell whether a topic is one of a filter's; wildcards at its beginning do not stand for reserved topics."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    if wanted[-1] == "#":
        # `a/#` is about `a` too.
        wanted = wanted[:-1]
        levels = levels[: len(wanted)] if len(levels) >= len(wanted) else []
    return len(wanted) == len(levels) and all(one in ("+", other) for one, other in zip(wanted, levels, strict=True))
