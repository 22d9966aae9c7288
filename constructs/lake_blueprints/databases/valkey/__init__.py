"""ElastiCache Serverless: caches of Valkey that roles sign in to."""

from lake_blueprints.databases.valkey.serverless_cache import ServerlessCache

__all__ = ("ServerlessCache",)
