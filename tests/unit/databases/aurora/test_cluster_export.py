from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest

from lake_blueprints.databases.aurora import AuroraCluster, ClusterExport, ExportCluster
from lake_blueprints.foundation.connections import DatabaseEngine
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.storage.s3 import Zone


def export(stack: cdk.Stack, engine: DatabaseEngine = DatabaseEngine.POSTGRESQL, **options: Any) -> ClusterExport:
    cluster = AuroraCluster(stack, "Shop", database="shop", engine=engine)
    return ClusterExport(
        stack, "Export", **{"cluster": cluster, "zone": Zone(stack, "Raw"), "prefix": "shop/", **options}
    )


def test_a_database_is_exported_as_a_whole_or_by_tables(stack: cdk.Stack) -> None:
    assert export(stack).export_only == ["shop"]
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    assert export(other, tables=["public.orders"]).export_only == ["shop.public.orders"]


@pytest.mark.parametrize(
    ("engine", "options", "message"),
    [
        (DatabaseEngine.POSTGRESQL, {"prefix": "a:b/"}, "'prefix' must have no colon"),
        (DatabaseEngine.POSTGRESQL, {"tables": ["orders"]}, "names such as public.orders, .* got 'orders'"),
        (DatabaseEngine.POSTGRESQL, {"tables": ["public.my-orders"]}, "got 'public.my-orders'"),
        (DatabaseEngine.MYSQL, {"tables": ["public.orders"]}, "names such as orders, .* got 'public.orders'"),
    ],
)
def test_what_no_export_takes_is_refused(
    stack: cdk.Stack, engine: DatabaseEngine, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        export(stack, engine, **options)


def test_the_step_exports_under_a_name_of_its_own_and_waits_for_the_end(stack: cdk.Stack) -> None:
    step = ExportCluster(export=export(stack))
    context = StepContext(pipeline="p", topic_arn="t", poll_interval=cdk.Duration.seconds(10))
    states = step.render(context).states
    request = states["Export Shop"]["Parameters"]
    assert request["ExportTaskIdentifier.$"].startswith("States.Format('lake-{}', States.Hash(")
    assert (request["S3Prefix"], request["ExportOnly"]) == ("shop", ["shop"])
    choices = [one.get("StringEquals") for one in states["Export Shop decides"]["Choices"]]
    assert choices[:3] == ["COMPLETE", "FAILED", "CANCELED"]
