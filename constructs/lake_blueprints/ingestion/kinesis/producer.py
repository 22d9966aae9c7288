"""Producers' own code, which imports neither the CDK nor the library."""

from __future__ import annotations

from pathlib import Path

PRODUCER = Path(__file__).parent / "scripts"
"""Folder of a Lambda layer with the module `lake_producer`; its `put_all` puts again what a stream refuses."""
