"""Receivers: programs of this machine that stand for the hosts to which services send requests."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_cloud.errors import LocalCloudError

_LOOPBACK = "127.0.0.1"


class NoReceiverError(LocalCloudError):
    """A host that no program of this machine stands for."""


@dataclass(frozen=True, kw_only=True)
class Receivers:
    """The hosts that the local cloud reaches: each is a port of this machine, and no other machine is asked.

    Parameters
    ----------
    ports: Mapping[str, int]
        Port by host name: `{"collector.example.com": 8443}`. By default no host is reached.
    authority: Path, optional
        PEM file of the certificates that sign those of the receivers, in place of the public authorities. A receiver's
        certificate names its host and is verified, as by AWS. By default only certificates of public authorities are
        taken.

    Raises
    ------
    LocalCloudError
        If there is no such file.
    """

    ports: Mapping[str, int] = field(default_factory=dict)
    authority: Path | None = None

    def __post_init__(self) -> None:
        if self.authority and not self.authority.is_file():
            raise LocalCloudError(f"there is no file of certificates {self.authority}")

    def connect(self, host: str, timeout: float) -> http.client.HTTPSConnection:
        """Return a connection that speaks TLS with the receiver of a host.

        Raises
        ------
        NoReceiverError
            If the host has none.
        """
        port = self.ports.get(host)
        if port is None:
            raise NoReceiverError(
                f"the local cloud reaches no other machine, and no receiver stands for {host}: "
                f"start it with --receiver {host}=PORT"
            )
        context = ssl.create_default_context(cafile=str(self.authority) if self.authority else None)
        return _Connection(host, port=port, timeout=timeout, context=context)


class _Connection(http.client.HTTPSConnection):
    """A connection to a port of this machine, whose certificate must be the host's."""

    def __init__(self, host: str, *, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, timeout=timeout, context=context)
        self._local_port, self._tls = port, context

    def connect(self) -> None:
        plain = socket.create_connection((_LOOPBACK, self._local_port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
