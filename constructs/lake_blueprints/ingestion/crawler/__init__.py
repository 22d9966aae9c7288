"""Glue crawlers."""

from lake_blueprints.ingestion.crawler.crawler import Crawler, Recrawl, SchemaDelete, SchemaUpdate
from lake_blueprints.ingestion.crawler.step import Crawl

__all__ = (
    "Crawl",
    "Crawler",
    "Recrawl",
    "SchemaDelete",
    "SchemaUpdate",
)
