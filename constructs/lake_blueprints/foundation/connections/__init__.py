"""Connections: addresses of databases, their credentials, and the Glue connections that reach them."""

from lake_blueprints.foundation.connections.connection import Connection
from lake_blueprints.foundation.connections.database_endpoint import DatabaseEndpoint, DatabaseEngine
from lake_blueprints.foundation.connections.database_secret import DatabaseSecret

__all__ = (
    "Connection",
    "DatabaseEndpoint",
    "DatabaseEngine",
    "DatabaseSecret",
)
