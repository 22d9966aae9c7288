"""Datasets of passengers: some columns restricted, roles and promises as contracts have them."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.contracts import AccessRole, Column, Dataset, Governance, Masking, SupportChannel

ROLES = (
    AccessRole(name="analyst"),
    AccessRole(name="steward", restricted=True),
    AccessRole(name="producer", access="write"),
    AccessRole(name="owner", access="read_write", restricted=True),
    AccessRole(name="strange", access="admire"),
)
GOVERNANCE = Governance(
    contract="passengers-1",
    team="Travel & Co",
    owner="ann",
    domain="travel",
    tags=("cost-center:1234", "finance"),
    support=(
        SupportChannel(
            name="mail", url="mailto:ops@example.com,oncall@example.com?subject=lake", scope="notifications"
        ),
        SupportChannel(name="chat", url="https://chat.example.com", scope="notifications"),
        SupportChannel(name="questions", url="mailto:ask@example.com", scope="interactive"),
    ),
)


@pytest.fixture
def passengers() -> Dataset:
    return passengers_with()


def passengers_with(**more: Any) -> Dataset:
    columns = [
        Column(name="ticket", type="string", classification="restricted", masking=Masking.HASH),
        Column(name="name", type="string", classification="restricted"),
        Column(name="seat", type="string"),
    ]
    settings = {"name": "passengers", "columns": columns, "primary_key": ["ticket"], "roles": ROLES}
    return Dataset(**{**settings, "governance": GOVERNANCE, **more})


@pytest.fixture
def seats() -> Dataset:
    return Dataset(name="seats", columns=[Column(name="seat", type="string")], roles=ROLES)
