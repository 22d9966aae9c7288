"""Devices of one Region: their certificates, and what the policies of these allow."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from moto.iot.models import IoTBackend
from moto.utilities.utils import get_partition

from local_cloud.engines.iot.device_policies import Device, is_allowed
from local_cloud.packages import OptionalPackage

PACKAGE = OptionalPackage(module="amqtt", extra="mqtt")
_ACTIVE = "ACTIVE"


class Devices:
    """The certificates, policies and rules of a Region, as its broker asks for them.

    Parameters
    ----------
    backend: IoTBackend
        Where moto keeps them.
    publish: Callable
        Evaluates the rules for a message.
    """

    def __init__(self, backend: IoTBackend, publish: Callable[[IoTBackend, str, bytes, str], None]) -> None:
        self._backend, self._publish = backend, publish

    def certificates(self) -> list[str]:
        """Return the certificates that are active, as PEM."""
        return [one.certificate_pem for one in self._backend.certificates.values() if one.status == _ACTIVE]

    def allows(self, certificate: bytes | None, client_id: str, action: str, kind: str, name: str) -> bool:
        """Tell whether the policies of a certificate, in DER, allow an action on a client, topic or topic filter."""
        arn = self._arn(certificate)
        if arn is None:
            return False
        backend = self._backend
        policies = [policy.document for policy in backend.list_principal_policies(arn)]
        things = frozenset(str(thing).rpartition("/")[2] for thing in backend.list_principal_things(arn))
        region, account = backend.region_name, backend.account_id
        resource = f"arn:{get_partition(region)}:iot:{region}:{account}:{kind}/{name}"
        return is_allowed(policies, Device(client_id=client_id, things=things), action, resource)

    def evaluate(self, client_id: str, topic: str, payload: bytes) -> None:
        """Evaluate the rules for a message."""
        self._publish(self._backend, topic, payload, client_id)

    def _arn(self, certificate: bytes | None) -> str | None:
        for known in self._backend.certificates.values():
            if known.status == _ACTIVE and certificate == ssl.PEM_cert_to_DER_cert(known.certificate_pem):
                arn: Any = known.arn
                return str(arn)
        return None
