"""Sample of a ruleset."""

from __future__ import annotations

from lake_blueprints.analytics.quality import QualityRuleset
from template_checks.limits import glue
from tests.conformance.sample import Limited, Sample

SAMPLE = Sample(
    construct=QualityRuleset,
    options=lambda lake: {"table": lake.table},
    limits={"workers": Limited(limit=glue.WORKERS, options=lambda _, n: {"workers": n})},
)
