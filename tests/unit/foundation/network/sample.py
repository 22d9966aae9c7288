"""Sample of a network."""

from __future__ import annotations

from lake_blueprints.foundation.network import LakeNetwork
from tests.conformance.sample import Sample

SAMPLE = Sample(construct=LakeNetwork)
