"""Sample of a role."""

from __future__ import annotations

from lake_blueprints.foundation.access import ServiceRole
from tests.conformance.sample import Sample

SAMPLE = Sample(
    construct=ServiceRole, options=lambda _: {"services": ["glue.amazonaws.com"], "description": "Runs jobs"}
)
