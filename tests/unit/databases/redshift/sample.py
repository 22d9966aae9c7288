"""Samples of warehouses."""

from __future__ import annotations

from typing import Any, TypeVar

from aws_cdk import Duration
from constructs import Construct

from lake_blueprints.databases.redshift import (
    ClusterFeature,
    ClusterUsageLimit,
    ModelProblem,
    PauseResume,
    Priority,
    Queue,
    Warehouse,
    WarehouseCluster,
    WarehouseModel,
)
from template_checks.limits import redshift
from tests.conformance.fixtures import Fixtures
from tests.conformance.sample import Limited, Sample

_Kind = TypeVar("_Kind", Warehouse, WarehouseCluster)


def loading(warehouse: _Kind, lake: Fixtures) -> _Kind:
    warehouse.add_dataset(lake.table)
    return warehouse


def build(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> Warehouse:
    return loading(Warehouse(scope, name, **options), lake)


def build_cluster(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> WarehouseCluster:
    return loading(WarehouseCluster(scope, name, **options), lake)


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
CLUSTER = Sample(
    construct=WarehouseCluster,
    build=build_cluster,
    limits={
        "nodes": Limited(limit=redshift.NODES, options=lambda _, n: {"nodes": n}),
        "usage_limits: amount": Limited(
            limit=redshift.USAGE,
            options=lambda _, n: {"usage_limits": [ClusterUsageLimit(feature=ClusterFeature.SPECTRUM, amount=n)]},
        ),
        "port": Limited(limit=redshift.CLUSTER_PORT, options=lambda _, n: {"port": n}),
        "snapshots_kept_for": Limited(
            limit=redshift.SNAPSHOT_DAYS, options=lambda _, n: {"snapshots_kept_for": Duration.days(n)}
        ),
    },
)
SCHEDULED = Sample(
    construct=WarehouseCluster,
    variant="paused at night",
    options=lambda _: {
        "nodes": 2,
        "schedule": PauseResume(),
        "queues": [Queue(user_groups=["analysts"], priority=Priority.HIGH)],
        "usage_limits": [ClusterUsageLimit(feature=ClusterFeature.SPECTRUM, amount=5)],
        "enhanced_vpc_routing": False,
    },
    build=build_cluster,
    # CloudFormation has no AWS::Redshift::UsageLimit there.
    unavailable_in=frozenset({"aws-cn", "aws-us-gov"}),
)


def build_model(lake: Fixtures, scope: Construct, name: str, /, **options: Any) -> WarehouseModel:
    """Define a model beside its warehouse, in whose stack it must be."""
    warehouse = Warehouse(scope, f"Warehouse{name}", network=lake.network, encryption_key=lake.key)
    return WarehouseModel(
        scope,
        name,
        warehouse=loading(warehouse, lake),
        table=lake.table,
        target="delay",
        features=["carrier"],
        problem=ModelProblem.REGRESSION,
        **options,
    )


MODEL = Sample(construct=WarehouseModel, build=build_model)
