from __future__ import annotations

import aws_cdk as cdk
import pytest

from lake_blueprints.databases.rds import ExportInstance, InstanceExport, RdsInstance
from lake_blueprints.orchestration.asl import IDEMPOTENCY_TOKEN, chain
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.storage.s3 import Zone


def export(stack: cdk.Stack, *tables: str) -> InstanceExport:
    instance = RdsInstance(stack, "Shop", database="shop")
    return InstanceExport(stack, "Export", instance=instance, zone=Zone(stack, "Raw"), prefix="shop/", tables=tables)


def test_a_table_of_another_form_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match=r"names such as public\.orders, .* got 'orders'"):
        export(stack, "orders")


def test_the_step_takes_a_snapshot_exports_it_and_deletes_it(stack: cdk.Stack) -> None:
    context = StepContext(pipeline="p", topic_arn="t", poll_interval=cdk.Duration.seconds(10))
    machine = chain([ExportInstance(export=export(stack, "public.orders")).render(context)])
    states = machine["States"]
    taken = states["Export Shop snapshot"]
    name = f"States.Format('lake-{{}}', {IDEMPOTENCY_TOKEN})"
    assert machine["StartAt"] == "Export Shop snapshot"
    assert (taken["Parameters"]["DbSnapshotIdentifier.$"], taken["ResultSelector"]["id.$"]) == (name, name)
    assert states["Export Shop snapshot done"]["Next"] == "Export Shop"
    request = states["Export Shop"]["Parameters"]
    assert request["ExportTaskIdentifier.$"] == "$.poll.id"
    assert stack.resolve(request["SourceArn.$"])["Fn::Join"][1][-1].endswith(":snapshot:{}', $.poll.id)")
    assert request["ExportOnly"] == ["shop.public.orders"]
    assert states["Export Shop done"]["Next"] == "Export Shop tidies"
    assert states["Export Shop tidies"]["Parameters"] == {"DbSnapshotIdentifier.$": "$.poll.id"}
    assert states["Export Shop tidies"]["End"]
