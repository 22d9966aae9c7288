"""Sample of a crawler."""

from __future__ import annotations

from lake_blueprints.ingestion.crawler import Crawler
from tests.conformance.sample import Sample

SAMPLE = Sample(
    construct=Crawler,
    options=lambda lake: {"database": lake.raw_database, "prefixes": ["reference/"], "table_prefix": "ref_"},
)
