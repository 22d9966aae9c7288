"""Domains of OpenSearch Service: what their gates refuse, and who may sign in."""

from __future__ import annotations

from typing import Any

from local_cloud.engines.opensearch.gate import Asked, Refusal


def refuse(asked: Asked) -> Refusal | None:
    """Refuse plugins, of which the server has none, and what is the server's own."""
    first, _, rest = asked.path.lstrip("/").partition("/")
    if first in ("_plugins", "_opendistro"):
        return Refusal.unsupported(f"{first}/{rest.partition('/')[0]}")
    return Refusal.unsupported(first) if first.startswith("_osmem") else None


def master_user(domain: Any) -> tuple[str, str] | None:
    """Return name and password of the first user of a domain's own, if it keeps users."""
    security = domain.advanced_security_options or {}
    master = security.get("MasterUserOptions") or {}
    if not security.get("InternalUserDatabaseEnabled") or "MasterUserName" not in master:
        return None
    return master["MasterUserName"], master.get("MasterUserPassword", "")
