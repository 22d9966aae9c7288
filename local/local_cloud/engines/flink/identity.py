"""Certificate by which a Flink and the clients of its REST API know each other: nobody else can use its ports.

A job that is submitted is code that runs as the user, so that a port which took one from any client would give the
account to other users of the machine, and to web pages.
"""

from __future__ import annotations

import ipaddress
import secrets
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
    serialize_key_and_certificates,
)
from cryptography.x509.oid import NameOID

ADDRESS: Final = "127.0.0.1"
_VALID: Final = timedelta(days=365)
_NAME: Final = "flink"
# https://nightlies.apache.org/flink/flink-docs-release-2.2/docs/deployment/security/security-ssl/: `rest` is the REST
# API, `internal` the server of jars and large messages, which else listens at every address of the machine.
_PARTS: Final = ("rest", "internal")
# Flink's own choice is of TLS 1.2, for keys of RSA.
_CIPHERS: Final = {
    "security.ssl.protocol": "TLSv1.3",
    "security.ssl.algorithms": "TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256",
}


class Identity:
    """A certificate and its key, drawn for one Flink.

    Parameters
    ----------
    folder: Path
        Its folder, which only its owner can enter; the files go with it.
    """

    def __init__(self, folder: Path) -> None:
        self._password = secrets.token_hex(16)
        self._keys, self._trusted = folder / "keys.p12", folder / "trusted.p12"
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(key)
        encryption = BestAvailableEncryption(self._password.encode())
        name = _NAME.encode()
        self._keys.write_bytes(serialize_key_and_certificates(name, key, certificate, None, encryption))
        self._trusted.write_bytes(serialize_java_truststore([PKCS12Certificate(certificate, name)], encryption))
        pem = folder / "client.pem"
        own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        pem.write_bytes(own + certificate.public_bytes(Encoding.PEM))
        self.context = ssl.create_default_context(cafile=pem)
        """Settings of TLS for clients in Python."""
        self.context.load_cert_chain(pem)

    @property
    def settings(self) -> Mapping[str, str]:
        """Settings of Flink, for its servers and for its own clients."""
        stores = {"keystore": self._keys, "truststore": self._trusted}
        found = {**_CIPHERS, "security.ssl.rest.authentication-enabled": "true"}
        for part in _PARTS:
            base = f"security.ssl.{part}"
            found[f"{base}.enabled"] = "true"
            found[f"{base}.key-password"] = self._password
            for store, path in stores.items():
                found |= {f"{base}.{store}": str(path), f"{base}.{store}-password": self._password}
                found[f"{base}.{store}-type"] = "PKCS12"
        return found


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
