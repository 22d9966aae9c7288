"""Serve Kafka's protocol by the broker within librdkafka, and take orders at a port.

A program of its own. It serves the protocol at a port that librdkafka chooses, and one order in each line of JSON at
the port that it is given.
"""

from __future__ import annotations

import ctypes
import json
import socketserver
import sys
from typing import Any

HOST = "127.0.0.1"
_BROKER = 1
_PRODUCER = 0
_POINTER = ctypes.c_void_p
# https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka_mock.h
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "rd_kafka_conf_new": (_POINTER, []),
    "rd_kafka_new": (_POINTER, [ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t]),
    "rd_kafka_mock_cluster_new": (_POINTER, [_POINTER, ctypes.c_int]),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [_POINTER]),
    "rd_kafka_mock_broker_set_host_port": (ctypes.c_int, [_POINTER, ctypes.c_int32, ctypes.c_char_p, ctypes.c_int]),
    "rd_kafka_mock_topic_create": (ctypes.c_int, [_POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
    "rd_kafka_mock_topic_delete": (ctypes.c_int, [_POINTER, ctypes.c_char_p]),
    "rd_kafka_mock_partition_delete_records": (
        ctypes.c_int,
        [_POINTER, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int64],
    ),
}


class Broker:
    """A cluster of one broker, which tells its clients to come to another port.

    Parameters
    ----------
    advertised: int
        That port.
    """

    def __init__(self, advertised: int) -> None:
        # Where the program runs, not where it is imported from.
        from confluent_kafka import cimpl  # noqa: PLC0415

        self._library = ctypes.CDLL(cimpl.__file__)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self._library, name)
            function.restype, function.argtypes = result, arguments
        error = ctypes.create_string_buffer(512)
        handle = self._library.rd_kafka_new(_PRODUCER, self._library.rd_kafka_conf_new(), error, 512)
        self._cluster = self._library.rd_kafka_mock_cluster_new(handle, 1)
        self._port = int(self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode().rpartition(":")[2])
        self._library.rd_kafka_mock_broker_set_host_port(self._cluster, _BROKER, b"localhost", advertised)

    def obey(self, order: dict[str, Any]) -> int:
        """Carry out an order, and return the port of the protocol, or an error of Kafka if there is one."""
        if "create" in order:
            name = order["create"].encode()
            return int(self._library.rd_kafka_mock_topic_create(self._cluster, name, order["partitions"], 1))
        if "delete" in order:
            return int(self._library.rd_kafka_mock_topic_delete(self._cluster, order["delete"].encode()))
        if "forget" in order:
            return int(
                self._library.rd_kafka_mock_partition_delete_records(
                    self._cluster, order["forget"].encode(), order["partition"], order["before"]
                )
            )
        return self._port


def main(port: int, advertised: int) -> None:
    """Serve until the process is ended."""
    broker = Broker(advertised)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            for line in self.rfile:
                self.wfile.write(f"{broker.obey(json.loads(line))}\n".encode())

    socketserver.TCPServer.allow_reuse_address = True
    with socketserver.TCPServer((HOST, port), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
