"""The message broker of IoT Core on a port of this machine, to which devices connect with their certificates."""

from __future__ import annotations

import asyncio
import queue
import ssl
import threading

from amqtt.adapters import StreamWriterAdapter

from local_cloud.engines.tls_listener import PATIENCE, TlsListener
from local_cloud.errors import LocalCloudError
from local_cloud.mqtt.aws_broker import LISTENER, AwsBroker, Reader, Registry
from local_cloud.server.runtime import Runtime


class DeviceBroker(TlsListener):
    """A broker on a port of this machine; it ends with the cloud.

    Parameters
    ----------
    runtime: Runtime
        The cloud, whose authority signs its certificate.
    registry: Registry
        Certificates, policies and rules.
    port: int, optional
        The port that devices know. By default a free one.
    """

    def __init__(self, runtime: Runtime, registry: Registry, *, port: int | None = None) -> None:
        super().__init__(runtime, name="the broker of IoT", port=port)
        self._registry = registry
        self._messages: queue.Queue[tuple[str, str, bytes] | None] = queue.Queue()
        self._problems: list[str] = []
        self._rules = threading.Thread(target=self._evaluate, name="rules of mqtt messages", daemon=True)
        self.port = self.start()
        self._rules.start()

    def deliver(self, topic: str, payload: bytes) -> None:
        """Pass a message that was published by HTTP to those who have subscribed."""
        self._run(self._broker.deliver(topic, payload))

    def drain(self) -> None:
        """Return when the rules have been evaluated for all messages that were taken.

        Raises
        ------
        LocalCloudError
            If one of them, or the policy of a device, could not be evaluated here.
        """
        self._messages.join()
        if self._problems:
            problem = self._problems[0]
            self._problems.clear()
            raise LocalCloudError(problem)

    def stop(self) -> None:
        """End it and its connections. Stopping twice is fine."""
        super().stop()
        if self._rules.is_alive():
            self._messages.put(None)
            self._rules.join(PATIENCE)

    def _evaluate(self) -> None:
        while message := self._messages.get():
            try:
                self._registry.evaluate(*message)
            except Exception as error:
                self._problems.append(str(error))
            finally:
                self._messages.task_done()
        self._messages.task_done()

    async def _prepare(self) -> None:
        self._broker = AwsBroker(self._registry, lambda *message: self._messages.put(message), self._problems.append)
        await self._broker.start()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._broker.external_connected(Reader(reader), StreamWriterAdapter(writer), LISTENER)

    async def _end(self) -> None:
        await self._broker.shutdown()
        await super()._end()

    def _context(self) -> ssl.SSLContext:
        context = super()._context()
        context.verify_mode = ssl.CERT_REQUIRED
        # A certificate is known by itself, and not by who has signed it, as one that was registered without its CA.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for certificate in self._registry.certificates():
            context.load_verify_locations(cadata=certificate)
        return context
