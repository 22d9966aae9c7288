"""Producers' own code, which imports neither the CDK nor the library."""

from __future__ import annotations

from pathlib import Path

PRODUCER = Path(__file__).parent / "scripts" / "producer"
"""Folder of a Lambda layer with the modules `lake_producer`, whose `put_all` puts again what a stream refuses, and
`lake_aggregation`, which packs small records and takes them apart."""
AGGREGATION = PRODUCER / "python" / "lake_aggregation.py"
