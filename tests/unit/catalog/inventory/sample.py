"""Sample of an inventory."""

from __future__ import annotations

from lake_blueprints.catalog.inventory import Inventory
from tests.conformance.sample import Sample

SAMPLE = Sample(construct=Inventory, options=lambda lake: {"zone": lake.raw, "database": lake.database})
