"""The message broker of IoT Core on a port of this machine, to which devices connect with their certificates."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Coroutine
from typing import Any

from amqtt.adapters import StreamWriterAdapter

from local_cloud.engines.process import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.mqtt.aws_broker import LISTENER, AwsBroker, Reader, Registry
from local_cloud.server.runtime import Runtime

_PATIENCE = 30


class DeviceBroker:
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
        self._runtime, self._registry = runtime, registry
        self._messages: queue.Queue[tuple[str, str, bytes] | None] = queue.Queue()
        self._problems: list[str] = []
        try:
            listener = socket.create_server((HOST, port or 0))
        except OSError as error:
            raise LocalCloudError(f"the broker of IoT cannot listen on port {port}: {error.strerror}") from None
        listener.setblocking(False)
        self.port = int(listener.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=self._loop.run_forever, name="mqtt broker", daemon=True),
            threading.Thread(target=self._evaluate, name="rules of mqtt messages", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._broker: AwsBroker = self._run(self._begin())
        self._accepting = asyncio.run_coroutine_threadsafe(self._accept(listener), self._loop)
        runtime.cleanup.callback(self.stop)

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
        threads, self._threads = self._threads, []
        if not threads:
            return
        self._accepting.cancel()
        self._run(self._broker.shutdown())
        self._run(_end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._messages.put(None)
        for thread in threads:
            thread.join(_PATIENCE)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def _begin(self) -> AwsBroker:
        broker = AwsBroker(self._registry, lambda *message: self._messages.put(message), self._problems.append)
        await broker.start()
        return broker

    def _evaluate(self) -> None:
        while message := self._messages.get():
            try:
                self._registry.evaluate(*message)
            except Exception as error:
                self._problems.append(str(error))
            finally:
                self._messages.task_done()
        self._messages.task_done()

    async def _accept(self, listener: socket.socket) -> None:
        connections: set[asyncio.Task[None]] = set()
        try:
            while True:
                connection, _ = await self._loop.sock_accept(listener)
                task = asyncio.create_task(self._serve(connection))
                connections.add(task)
                task.add_done_callback(connections.discard)
        finally:
            listener.close()

    async def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        # From here on the transport alone closes the socket: another connection may have its number at once, and would
        # be cut off from the loop. A client without a certificate that is known ends its own connection only.
        with contextlib.suppress(OSError, EOFError):
            transport, _ = await self._loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._context(), ssl_handshake_timeout=_PATIENCE
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
            try:
                await self._broker.external_connected(Reader(reader), StreamWriterAdapter(writer), LISTENER)
            finally:
                writer.close()
                await writer.wait_closed()

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self._runtime.authority.issue())
        context.verify_mode = ssl.CERT_REQUIRED
        # A certificate is known by itself, and not by who has signed it, as one that was registered without its CA.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for certificate in self._registry.certificates():
            context.load_verify_locations(cadata=certificate)
        return context


async def _end() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
