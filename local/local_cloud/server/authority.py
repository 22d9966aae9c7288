"""Certificate authority of a local cloud, which signs the certificates of its servers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local_cloud.server.private_files import make_private, write_private

_VALID = timedelta(days=365)
_HOSTS = (
    x509.DNSName("localhost"),
    x509.DNSName("*.localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
)


@dataclass(frozen=True)
class Authority:
    """The certificate authority whose files lie in a folder, which it writes when it is first needed.

    It stands for the authorities of Amazon: a client verifies the databases and search domains of a local cloud by
    `certificate`, as it verifies those of AWS by Amazon's bundle.

    Parameters
    ----------
    folder: Path
        Where its files lie, readable by their owner alone.
    """

    folder: Path

    @property
    def certificate(self) -> Path:
        """The PEM file of its certificate, for clients."""
        return self._written("authority", None)[0]

    def issue(self) -> tuple[Path, Path]:
        """Return the PEM files of the certificate and the key of servers on this machine."""
        self._written("authority", None)
        return self._written("server", "authority")

    def _written(self, name: str, issuer: str | None) -> tuple[Path, Path]:
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        if not certificate.exists():
            make_private(self.folder)
            self._write(certificate, key, issuer)
        return certificate, key

    def _write(self, certificate: Path, key: Path, issuer: str | None) -> None:
        own = ec.generate_private_key(ec.SECP256R1())
        subject = _name("Local cloud" if issuer is None else "localhost")
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + _VALID)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
            .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        )
        if issuer is None:
            signing, builder = own, builder.issuer_name(subject).add_extension(_usage(signs=True), critical=True)
        else:
            signing = _key(self.folder / f"{issuer}.key")
            parent = x509.load_pem_x509_certificate((self.folder / f"{issuer}.pem").read_bytes())
            builder = (
                builder.issuer_name(parent.subject)
                .add_extension(x509.SubjectAlternativeName(_HOSTS), critical=False)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
                .add_extension(_usage(signs=False), critical=True)
            )
        signed = builder.sign(signing, hashes.SHA256())
        text = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        # The certificate comes last: where it is, its key is.
        write_private(key, text)
        write_private(certificate, signed.public_bytes(Encoding.PEM).decode())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
