"""EventBridge: moto's buses and rules, with the events of PutEvents and of new objects delivered to the targets.

What other services would send is not: docs/local-cloud.md says so. An event is delivered before its sender has an
answer, once: a target that refuses it is not asked again, and the event goes to the queue that the target has for it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from moto.core.exceptions import JsonRESTError
from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventsBackend, Rule, events_backends
from moto.utilities.arns import parse_arn

from local_cloud.engines.engine import Engine
from local_cloud.engines.events.inputs import InputError, check_input, input_of
from local_cloud.engines.events.new_objects import TIME, event_of
from local_cloud.engines.events.targets import Delivery, queue_url, unsupported
from local_cloud.server.patching import Patches
from template_checks.core.event_patterns import pattern_problem

_put_rule, _put_targets, _put_events = EventsBackend.put_rule, Rule.put_targets, EventsBackend.put_events
# https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb
_MOST_BYTES: Final = 1_048_576
_TIME_BYTES: Final = 14
_DEFAULT_BUS: Final = "default"
_LOG = logging.getLogger(__name__)


class EventsEngine(Engine):
    """Delivers events."""

    def patches(self) -> Patches:
        patches = Patches()
        engine = self

        @patches.replace("moto.events.models", "EventsBackend.put_rule")
        def put_rule(  # noqa: PLR0917 - moto's signature
            self: EventsBackend,
            name: str,
            description: str | None = None,
            event_bus_arn: str | None = None,
            event_pattern: str | None = None,
            role_arn: str | None = None,
            scheduled_expression: str | None = None,
            state: str | None = None,
            managed_by: str | None = None,
            tags: list[dict[str, str]] | None = None,
        ) -> Rule:
            _check_pattern(event_pattern)
            given = (description, event_bus_arn, event_pattern, role_arn, scheduled_expression, state, managed_by, tags)
            return _put_rule(self, name, *given)

        @patches.replace("moto.events.models", "Rule.put_targets")
        def put_targets(self: Rule, targets: list[dict[str, Any]]) -> None:
            for target in targets if _has_events(self) else ():
                _check_target(target)
            _put_targets(self, targets)

        @patches.replace("moto.events.models", "EventsBackend.put_events")
        def put_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if sum(map(_size, events)) > _MOST_BYTES:
                raise ValidationException("Total size of the entries in the request is over the limit.")
            refused = {number: problem for number, event in enumerate(events) if (problem := _problem(event))}
            taken = iter(_put_events(self, [event for number, event in enumerate(events) if number not in refused]))
            return [refused.get(number) or next(taken) for number in range(len(events))]

        @patches.replace("moto.events.models", "Rule.send_to_targets")
        def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
            engine._send(self, _plain(original_event))

        @patches.replace("moto.s3.notifications", "_send_event_bridge_message")
        def send_event_bridge_message(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
            event = event_of(account_id, bucket, event_name, key)
            bus = events_backends[account_id][bucket.region_name].event_buses[_DEFAULT_BUS]
            for rule in list(bus.rules.values()) if event else ():
                engine._send(rule, event)

        return patches

    def _send(self, rule: Rule, event: dict[str, Any]) -> None:
        """Deliver an event to the targets of a rule, if it matches."""
        if rule.state != "ENABLED" or not _has_events(rule) or not rule.event_pattern.matches_event(event):
            return
        for target in list(rule.targets):
            try:
                content = input_of(target, event, rule_arn=rule.arn)
                Delivery(runtime=self.runtime, target=target, content=content, event=event).send()
            except (ClientError, BotoCoreError, ValueError) as error:
                self._keep(rule, target, event, error)

    def _keep(self, rule: Rule, target: Mapping[str, Any], event: Mapping[str, Any], error: Exception) -> None:
        """Send an event that could not be delivered to the queue of its target."""
        described = error.response["Error"] if isinstance(error, ClientError) else {"Code": type(error).__name__}
        code, message = described["Code"], described.get("Message") or str(error)
        _LOG.warning("%s: an event was not delivered to %s: %s: %s", rule.arn, target["Arn"], code, message)
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
        said = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": code, "ERROR_MESSAGE": message}
        arn = parse_arn(queue)
        try:
            self.runtime.client("sqs", arn.region).send_message(
                QueueUrl=queue_url(self.runtime, arn),
                MessageBody=json.dumps(event),
                MessageAttributes={name: {"DataType": "String", "StringValue": text} for name, text in said.items()},
            )
        except (ClientError, BotoCoreError) as refused:
            _LOG.warning("%s: an event is lost, its queue did not take it: %s", rule.arn, refused)


def _has_events(rule: Rule) -> bool:
    """Tell whether a rule is one of events: no schedule starts anything here, and the rule of an archive keeps none."""
    return bool(rule.event_pattern.get_pattern()) and not rule.managed_by


def _check_pattern(text: str | None) -> None:
    try:
        pattern = json.loads(text or "{}")
    except ValueError:
        # What moto answers as EventBridge does.
        return
    if pattern and (problem := pattern_problem(pattern)):
        raise InvalidEventPatternException(reason=f"needs {problem}")


def _check_target(target: Mapping[str, Any]) -> None:
    if problem := unsupported(target):
        raise JsonRESTError("ValidationException", problem)
    try:
        check_input(target)
    except InputError as error:
        raise JsonRESTError("ValidationException", f"{error} (target {target['Id']})") from None


def _problem(event: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the answer to an entry that EventBridge refuses and moto takes."""
    source = str(event.get("Source") or "")
    if source.startswith("aws."):
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
    try:
        is_object = isinstance(json.loads(event.get("Detail") or "{}"), dict)
    except ValueError:
        is_object = False
    return None if is_object else {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def _size(event: Mapping[str, Any]) -> int:
    """Return the size of an entry: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html."""
    texts: Sequence[str] = [str(event.get(name) or "") for name in ("Source", "DetailType", "Detail")]
    more = sum(len(text.encode()) for text in (*texts, *(event.get("Resources") or ())))
    return more + (_TIME_BYTES if event.get("Time") else 0)


def _plain(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as targets get it."""
    at = f"{datetime.fromtimestamp(float(event['time']), UTC):{TIME}}"
    return {name: value for name, value in {**event, "time": at}.items() if name != "ingestion-time"}
