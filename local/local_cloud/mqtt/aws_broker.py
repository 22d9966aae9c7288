"""The message broker of IoT Core: MQTT 3.1.1 over TLS, to which devices connect with their certificates.

amqtt speaks the protocol. Here are what AWS adds: certificates, policies, and rules for every message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from amqtt.adapters import StreamReaderAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig
from amqtt.session import ApplicationMessage, Session

from local_cloud.engines.iot.device_policies import UnknownPolicyElement
from local_cloud.engines.iot.evaluation import BASIC_INGEST

LISTENER = "default"
_EXACTLY_ONCE = 2
_ACTIONS = {Action.SUBSCRIBE: ("iot:Subscribe", "topicfilter"), Action.RECEIVE: ("iot:Receive", "topic")}


class Registry(Protocol):
    """The certificates and policies of devices, and the rules, as the broker asks for them."""

    def certificates(self) -> list[str]:
        """Return the certificates of devices, as PEM."""

    def allows(self, certificate: bytes | None, client_id: str, action: str, kind: str, name: str) -> bool:
        """Tell whether the policies of a certificate, in DER, allow an action on a client, topic or topic filter."""

    def evaluate(self, client_id: str, topic: str, payload: bytes) -> None:
        """Evaluate the rules for a message."""


class _Inbox(asyncio.Queue[ApplicationMessage]):
    """Passes each message on when it comes, since amqtt forgets those that wait when their client leaves."""

    def __init__(self, take: Callable[[ApplicationMessage], None]) -> None:
        super().__init__()
        self._take = take

    def put_nowait(self, item: ApplicationMessage) -> None:
        self._take(item)

    async def put(self, item: ApplicationMessage) -> None:
        self.put_nowait(item)


class Reader(StreamReaderAdapter):  # type: ignore[misc]
    """Lets the messages before the end of a connection be taken before amqtt sees the end, and cancels them."""

    async def read(self, n: int = -1) -> bytes:
        found = bytes(await super().read(n))
        if not found:
            for _ in range(3):
                await asyncio.sleep(0)
        return found


class AwsBroker(Broker):  # type: ignore[misc]
    """amqtt's broker with the certificates, the policies and the rules of IoT Core.

    Its own methods are overridden where its plugins cannot close a connection; the version is pinned for that reason.
    """

    def __init__(
        self, registry: Registry, hand_on: Callable[[str, str, bytes], None], report: Callable[[str], None]
    ) -> None:
        listeners = {LISTENER: {"type": "external", "bind": "local"}}
        super().__init__(BrokerConfig.from_dict({"listeners": listeners, "plugins": {}}))
        self._registry, self._hand_on, self._report = registry, hand_on, report
        # asyncio keeps no reference to tasks.
        self._tasks: set[asyncio.Task[None]] = set()

    async def _authenticate(self, session: Session, _: Any) -> bool:
        if not self._allows(session, "iot:Connect", "client", session.client_id):
            return False
        session.delivered_message_queue = _Inbox(lambda message: self._take(session, message))
        return True

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        return self._allows(session, *_ACTIONS[action], topic)

    async def _broadcast_message(
        self, session: Session | None, topic: str | None, data: bytes | bytearray | None, force_qos: int | None = None
    ) -> None:
        """Take the will of a client, which has gone."""
        if session is not None and topic is not None:
            self._hand_on(session.client_id or "", topic, bytes(data or b""))
        await super()._broadcast_message(session, topic, data, force_qos)

    def _take(self, session: Session, message: ApplicationMessage) -> None:
        retained = bool(message.publish_packet and message.publish_packet.retain_flag)
        if self._refuses(session, message, retained=retained):
            self._later(self._close(session))
            return
        self._hand_on(session.client_id or "", message.topic, bytes(message.data or b""))
        if not message.topic.startswith(BASIC_INGEST):
            self._later(self._pass_on(session, message, retained=retained))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _refuses(self, session: Session, message: ApplicationMessage, *, retained: bool) -> bool:
        """Tell whether AWS closes the connection for a message: by QoS 2, a reserved topic, or without permission.

        https://docs.aws.amazon.com/iot/latest/developerguide/mqtt.html
        """
        reserved = message.topic.startswith("$") and not message.topic.startswith(BASIC_INGEST)
        actions = ["iot:Publish", *(["iot:RetainPublish"] if retained else [])]
        return (
            message.qos == _EXACTLY_ONCE
            or reserved
            or not all(self._allows(session, action, "topic", message.topic) for action in actions)
        )

    async def _close(self, session: Session) -> None:
        handler = self._get_handler(session)
        if handler:
            await handler.handle_connection_closed()

    async def _pass_on(self, session: Session, message: ApplicationMessage, *, retained: bool) -> None:
        await super()._broadcast_message(session, message.topic, message.data)
        if retained:
            await self.retain_message(session, message.topic, message.data, message.qos)

    async def deliver(self, topic: str, payload: bytes) -> None:
        """Pass a message that was published by HTTP to those who have subscribed."""
        await super()._broadcast_message(None, topic, payload)

    def _allows(self, session: Session, action: str, kind: str, name: str | None) -> bool:
        certificate = session.ssl_object.getpeercert(binary_form=True) if session.ssl_object else None
        try:
            return self._registry.allows(certificate, session.client_id or "", action, kind, name or "")
        except UnknownPolicyElement as error:
            self._report(str(error))
            return False
