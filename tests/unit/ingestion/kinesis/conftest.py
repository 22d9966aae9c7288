"""The modules of producers and of replays on Python's path, as Lambda has them."""

from __future__ import annotations

import sys

from lake_blueprints.ingestion.kinesis import PRODUCER

sys.path[:0] = [str(PRODUCER / "python"), str(PRODUCER.parent / "replay")]
