"""Samples of zero-ETL integrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration

from lake_blueprints.databases.aurora import AuroraCluster
from lake_blueprints.databases.dynamodb import ServingTable
from lake_blueprints.databases.redshift import Warehouse
from lake_blueprints.databases.zero_etl import ZeroEtl
from template_checks.limits import zero_etl
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample


def warehouse(lake: Fixtures) -> Warehouse:
    """Return a warehouse that takes integrations."""
    return Warehouse(
        lake.scope,
        lake.unique("Warehouse"),
        network=lake.network,
        encryption_key=lake.key,
        case_sensitive_identifiers=True,
    )


def of_cluster(lake: Fixtures) -> Mapping[str, Any]:
    cluster = AuroraCluster(
        lake.scope, lake.unique("Shop"), database="shop", network=lake.network, encryption_key=lake.key, zero_etl=True
    )
    return {"source": cluster, "target": warehouse(lake), "datasets": [lake.dataset]}


def of_table(lake: Fixtures) -> Mapping[str, Any]:
    table = ServingTable(lake.scope, lake.unique("Served"), dataset=lake.dataset, encryption_key=lake.key)
    return {"source": table, "target": warehouse(lake)}


SAMPLE = Sample(
    construct=ZeroEtl,
    options=of_cluster,
    unavailable_in=frozenset({"aws-us-gov"}),
    limits={
        "refresh_interval": Limited(
            limit=zero_etl.REFRESH_SECONDS,
            options=lambda lake, n: {**of_cluster(lake), "refresh_interval": Duration.seconds(n)},
        )
    },
)
OF_TABLE = Sample(
    construct=ZeroEtl,
    variant="of a table",
    options=of_table,
    limits={
        "refresh_interval": Limited(
            limit=zero_etl.DYNAMODB_REFRESH_SECONDS,
            options=lambda lake, n: {**of_table(lake), "refresh_interval": Duration.seconds(n)},
        )
    },
)
