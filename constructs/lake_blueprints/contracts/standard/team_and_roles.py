"""Team, roles, support channels and price."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lake_blueprints.contracts.governance import AccessRole, Governance, SupportChannel
from lake_blueprints.contracts.standard.elements import Element, custom, links, one_line, tags
from lake_blueprints.contracts.standard.report import Report
from lake_blueprints.contracts.standard.servers import OURS

_ACCESS = {
    **dict.fromkeys(("read", "r", "ro", "reader", "select", "query", "consume", "consumer", "view"), "read"),
    **dict.fromkeys(("write", "w", "wo", "writer", "insert", "append", "ingest", "produce", "producer"), "write"),
    **dict.fromkeys(("readwrite", "rw", "admin", "owner", "all", "full", "modify", "update", "edit"), "read_write"),
}

Document = Mapping[str, Any]


def read_governance(document: Document, item: Element) -> Governance:
    """Return who answers for a schema object of a contract."""
    team = document.get("team") or {}
    described = document.get("description") or {}
    definitions = (*links(item), *links(document), *links(described))
    return Governance(
        contract=document["id"],
        team=team.get("name") if isinstance(team, Mapping) else None,
        owner=_owner(team.get("members") or [] if isinstance(team, Mapping) else team),
        domain=document.get("domain"),
        data_product=document.get("dataProduct"),
        tenant=document.get("tenant"),
        status=document.get("status"),
        tags=tuple(dict.fromkeys((*tags(document), *tags(item)))),
        support=tuple(_channel(entry) for entry in document.get("support") or []),
        price=_price(document.get("price") or {}),
        links=tuple(dict.fromkeys(definitions)),
    )


def read_roles(document: Document, report: Report) -> tuple[AccessRole, ...]:
    """Return the roles of a contract and of those of its servers that are a lake's; a name given twice may do both."""
    found: dict[str, AccessRole] = {}
    lists = [("roles", document.get("roles") or [])]
    lists += [
        (f"servers[{number}].roles", server.get("roles") or [])
        for number, server in enumerate(document.get("servers") or [])
        if server["type"] in OURS
    ]
    for place, entries in lists:
        for number, entry in enumerate(entries):
            role = _role(entry, f"{place}[{number}]", report)
            known = found.get(role.name)
            found[role.name] = _both(known, role) if known else role
    return tuple(found.values())


def _role(entry: Mapping[str, Any], place: str, report: Report) -> AccessRole:
    given = entry.get("access")
    words = re.findall(r"[a-z]+", re.sub(r"[-_ ]?only", "", str(given or "read").lower()).replace("_", ""))
    accesses = {_ACCESS[word] for word in words if word in _ACCESS}
    if not accesses:
        report.warn(f"{place}.access", f"'{given}' is not an access that is known; the role may read")
        accesses = {"read"}
    return AccessRole(
        name=entry["role"],
        access=accesses.pop() if len(accesses) == 1 else "read_write",
        restricted=str(custom(entry, "restricted")).lower() == "true",
        description=one_line(entry.get("description")),
    )


def _both(one: AccessRole, other: AccessRole) -> AccessRole:
    return AccessRole(
        name=one.name,
        access=one.access if one.access == other.access else "read_write",
        restricted=one.restricted or other.restricted,
        description=one.description or other.description,
    )


def _owner(members: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the member who is called an owner and has not left."""
    owners = [member for member in members if "owner" in str(member.get("role")).lower() and not member.get("dateOut")]
    owners.sort(key=lambda member: str(member["role"]).strip().lower() != "owner")
    return next((str(owner.get("username") or owner.get("name")) for owner in owners), None)


def _channel(entry: Mapping[str, Any]) -> SupportChannel:
    return SupportChannel(
        name=entry["channel"],
        url=entry.get("url"),
        tool=entry.get("tool"),
        scope=entry.get("scope"),
        description=one_line(entry.get("description")),
    )


def _price(price: Mapping[str, Any]) -> str | None:
    if price.get("priceAmount") is None:
        return None
    amount = " ".join(str(price[key]) for key in ("priceAmount", "priceCurrency") if price.get(key) is not None)
    return f"{amount} per {price['priceUnit']}" if price.get("priceUnit") else amount
