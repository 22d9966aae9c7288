"""Sample of a warehouse."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from lake_blueprints.databases.redshift import Warehouse
from template_checks.limits import redshift
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def build(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> Warehouse:
    warehouse = Warehouse(scope, name, **options)
    warehouse.add_dataset(lake.table)
    return warehouse


SAMPLE = Sample(
    construct=Warehouse,
    build=build,
    limits={
        "base_capacity": Limited(limit=redshift.BASE_CAPACITY, options=lambda _, n: {"base_capacity": n}),
        "max_capacity": Limited(
            limit=redshift.MAX_CAPACITY, options=lambda _, n: {"base_capacity": 4, "max_capacity": n}
        ),
        "port": Limited(limit=redshift.PORT, options=lambda _, n: {"port": n}),
    },
)
