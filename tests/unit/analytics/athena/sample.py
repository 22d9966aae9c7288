"""Sample of a workgroup."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from lake_blueprints.analytics.athena import Workgroup
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Sample


def build(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> Workgroup:
    workgroup = Workgroup(scope, name, **options)
    workgroup.add_query("Delays", name="delays", sql="select 1", database=lake.database.database_name)
    return workgroup


SAMPLE = Sample(construct=Workgroup, build=build)
