"""Sample of a crawler."""

from __future__ import annotations

from lake_blueprints.ingestion.crawler import Crawler
from tests.conformance.sample import Sample

SAMPLE = Sample(
    construct=Crawler,
    options=lambda lake: {
        "database": lake.raw_database,
        "prefixes": ["reference/", "raw/"],
        "table_prefix": "ref_",
        "schedule": "cron(15 2 * * ? *)",
        "exclusions": ["**/_temporary/**"],
        "sample_size": 10,
    },
)
