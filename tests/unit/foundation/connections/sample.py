"""Samples of connections to databases."""

from __future__ import annotations

from lake_blueprints.foundation.connections import Connection, DatabaseEndpoint, DatabaseEngine, DatabaseSecret
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample


def shop(lake: Fixtures) -> DatabaseEndpoint:
    """Return the address of a database outside AWS."""
    user = DatabaseSecret(lake.scope, lake.unique("User"), username="lake_reader", encryption_key=lake.key)
    return DatabaseEndpoint(
        engine=DatabaseEngine.POSTGRESQL, host="shop.example.com", database="shop", secret=user.secret
    )


SECRET = Sample(construct=DatabaseSecret, options=lambda _: {"username": "lake_reader"})
CONNECTION = Sample(construct=Connection, options=lambda lake: {"endpoint": shop(lake), "network": lake.network})
