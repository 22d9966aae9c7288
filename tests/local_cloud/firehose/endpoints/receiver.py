"""A program that takes what Firehose sends, over TLS, and fails where a test wants it to."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "collector.example.com"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it came, with names of headers in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; without a status, the connection is closed."""

    status: int | None = 200
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    after_seconds: float = 0


Answerer = Callable[[Request], Reply]


def certificate(folder: Path, host: str = HOST) -> tuple[Path, Path]:
    """Write a certificate of a host that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{host}.pem", folder / f"{host}.key"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    format_ = serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, format_, plain))
    return public, private


@dataclass
class Receiver:
    """A running receiver, all that it was sent, and how it answers."""

    port: int
    authority: Path
    answer: Answerer
    requests: list[Request] = field(default_factory=list)


@contextmanager
def receiving(folder: Path, host: str = HOST) -> Iterator[Receiver]:
    """Run a receiver on a port of this machine."""
    public, private = certificate(folder, host)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            request = Request(path=self.path, headers=headers, body=body)
            receiver.requests.append(request)
            reply = receiver.answer(request)
            time.sleep(reply.after_seconds)
            self.close_connection = True
            if reply.status is None:
                return
            content = reply.content if isinstance(reply.content, bytes) else json.dumps(reply.content).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    receiver = Receiver(port=server.server_port, authority=public, answer=accepted)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def accepted(request: Request) -> Reply:
    """Answer as AWS asks for it."""
    return Reply(content={"requestId": request.content["requestId"], "timestamp": int(time.time() * 1000)})
