"""One cluster: a broker in a process of its own, behind signing in and TLS."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

from local_cloud.engines.kafka import broker
from local_cloud.engines.kafka.sign_in import open_front, signed_by
from local_cloud.engines.process import HOST, EngineProcess
from local_cloud.engines.tls_front import TlsFront
from local_cloud.errors import LocalCloudError
from local_cloud.packages import OptionalPackage
from local_cloud.server.runtime import Runtime

PACKAGE = OptionalPackage(module="confluent_kafka", extra="kafka")
_SECONDS = 10.0


class KafkaCluster:
    """A cluster that answers at `localhost`, on a port of its own, by TLS and with tokens of IAM alone.

    Its records are in the memory of its process: one that has ended by itself does not come back without them.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to.
    arn: str
        Its ARN.
    port: int, optional
        The port that its clients know. By default a free one.
    """

    def __init__(self, runtime: Runtime, *, arn: str, port: int | None = None) -> None:
        self._runtime = runtime
        self._arn = arn
        self._begun = False
        _, name, identifier = arn.rsplit("/", 2)
        self._process = EngineProcess(runtime, name=f"kafka-{name}-{identifier[:8]}", command=self._command)
        self._sign_in = open_front(self._broker_port, self._key)
        runtime.cleanup.callback(self.stop)
        self._front = TlsFront(runtime, name=f"kafka-{name}", server=lambda: self._sign_in.port, port=port)
        self.port = self._front.start()

    def stop(self) -> None:
        """End it. Stopping twice is fine."""
        self._front.stop()
        self._sign_in.stop()
        self._process.stop()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic."""
        self._order({"create": name, "partitions": partitions})

    def delete_topic(self, name: str) -> None:
        """Delete a topic with its records."""
        self._order({"delete": name})

    def forget(self, topic: str, partition: int, *, before: int) -> None:
        """Delete the records of a partition before an offset."""
        if before:
            self._order({"forget": topic, "partition": partition, "before": before})

    def _broker_port(self) -> int:
        return self._ask({})

    def _order(self, order: dict[str, Any]) -> None:
        if error := self._ask(order):
            raise LocalCloudError(f"the broker of {self._arn} answers {order} with error {error} of Kafka")

    def _ask(self, order: dict[str, Any]) -> int:
        with socket.create_connection((HOST, self._process.port()), timeout=_SECONDS) as connection:
            connection.sendall(f"{json.dumps(order)}\n".encode())
            with connection.makefile() as answers:
                return int(answers.readline())

    def _key(self, token: str) -> str | None:
        key = signed_by(self._runtime, token)
        if key and (role := self._runtime.recording.role_of_key(key)):
            self._runtime.recording.note(role, "kafka-cluster:Connect", self._arn)
        return key

    def _command(self, port: int) -> list[str]:
        if self._begun:
            raise LocalCloudError(f"the broker of {self._arn} has ended, and its records with it; delete the cluster")
        self._begun = True
        return [sys.executable, str(broker.__file__), str(port), str(self.port)]
