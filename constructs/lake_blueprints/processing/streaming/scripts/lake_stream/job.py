"""The plan as a job of Flink: where its tables are, and its statements as one job."""

from __future__ import annotations

import json
import os
import pkgutil
from collections.abc import Mapping
from pathlib import Path

from pyflink.table import EnvironmentSettings, TableEnvironment

from lake_stream.plan import Plan
from lake_stream.sql import Statements, statements

GROUP = "lake.stream"
# Where the service puts them; only the local cloud has another place.
_PROPERTIES = "/etc/flink/application_properties.json"
_JSON = {
    "format": "json",
    "json.encode.decimal-as-plain-number": "true",
    "json.encode.ignore-null-fields": "true",
}


def run() -> None:
    """Begin the job; the service waits for it."""
    plan = Plan.parse((pkgutil.get_data("lake_stream", "plan.json") or b"").decode())
    groups = json.loads(Path(os.environ.get("APPLICATION_PROPERTIES_FILE", _PROPERTIES)).read_text(encoding="utf-8"))
    (properties,) = (group["PropertyMap"] for group in groups if group["PropertyGroupId"] == GROUP)
    todo = of_application(plan, properties)
    tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    for name, value in todo.settings.items():
        tables.get_config().set(name, value)
    for definition in todo.definitions:
        tables.execute_sql(definition)
    inserts = tables.create_statement_set()
    for insert in todo.inserts:
        inserts.add_insert_sql(insert)
    inserts.execute()


def of_application(plan: Plan, properties: Mapping[str, str]) -> Statements:
    """Return the statements with the places that the application's properties name."""
    region = properties["region"]
    source = {
        "connector": "kinesis",
        "stream.arn": properties["source"],
        "aws.region": region,
        # Only of a job without a snapshot; a record that waited is read, not skipped.
        "source.init.position": "TRIM_HORIZON",
        "format": "raw",
    }
    return statements(plan, source, {one.name: _sink(properties[f"to.{one.name}"], region) for one in plan.outputs})


def _sink(place: str, region: str) -> dict[str, str]:
    """Return the options of a stream, which is named by its ARN, or of a delivery, by its name."""
    if place.startswith("arn:"):
        return {"connector": "kinesis", "stream.arn": place, "aws.region": region, **_JSON}
    return {"connector": "firehose", "delivery-stream": place, "aws.region": region, **_JSON}
