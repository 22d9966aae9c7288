"""ExportItems: the request, its window, and failures."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from jsonata import Jsonata

from lake_blueprints import Zone
from lake_blueprints.databases.dynamodb import ExportItems, ServingTable
from lake_blueprints.orchestration import StepContext
from tests.unit.databases.dynamodb.test_serving_table import VISITS

CONTEXT = StepContext(pipeline="Nightly", topic_arn="arn", poll_interval=Duration.seconds(30))


def export(stack: cdk.Stack, **options: Any) -> ExportItems:
    recovered = options.pop("point_in_time_recovery", True)
    table = ServingTable(stack, "Table", dataset=VISITS, point_in_time_recovery=recovered)
    return ExportItems(**{"table": table, "zone": Zone(stack, "Raw"), "prefix": "served/", **options})


def test_exports_everything_under_the_key_of_the_zone_by_default(stack: cdk.Stack) -> None:
    step = export(stack)
    fragment = step.render(CONTEXT)
    request = stack.resolve(fragment.states["Export Table"]["Parameters"])
    assert request["S3Prefix"] == "served"
    assert request["S3SseKmsKeyId"] == stack.resolve(step.zone.key.key_arn)
    assert "ExportType" not in request


def test_exports_the_last_whole_window_before_the_start(stack: cdk.Stack) -> None:
    fragment = export(stack, changes_of=Duration.hours(24)).render(CONTEXT)
    window = fragment.states[fragment.start]
    states = {"input": {"a": 1}, "context": {"Execution": {"StartTime": "2026-11-28T03:00:07.123Z"}}}
    expression = Jsonata(window["Output"].removeprefix("{%").removesuffix("%}"))
    expression.assign("states", states)
    assert expression.evaluate(None) == {
        "a": 1,
        "window": {
            "ExportFromTime": "2026-11-27T00:00:00.000Z",
            "ExportToTime": "2026-11-28T00:00:00.000Z",
            "ExportViewType": "NEW_AND_OLD_IMAGES",
        },
    }
    assert fragment.states["Export Table"]["Parameters"]["IncrementalExportSpecification.$"] == "$.window"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"point_in_time_recovery": False}, "table 'Table' has no 'point_in_time_recovery'"),
        ({"changes_of": Duration.minutes(14)}, "'changes_of' must be 15 minutes to 24 hours, got 840 seconds"),
        ({"changes_of": Duration.hours(25)}, "got 90000 seconds"),
        ({"prefix": "served"}, "prefix"),
    ],
)
def test_refuses(stack: cdk.Stack, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        export(stack, **options)
