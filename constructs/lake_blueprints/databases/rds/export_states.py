"""States of a step that starts an export and waits for its end."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aws_cdk import Duration

from lake_blueprints.databases.rds.export import DatabaseExport
from lake_blueprints.orchestration.asl import IDEMPOTENCY_TOKEN, Fragment, equals
from lake_blueprints.orchestration.service import RDS

# It begins with a letter; what runs again exports again.
NEW_NAME = f"States.Format('lake-{{}}', {IDEMPOTENCY_TOKEN})"
_FOUND = "$.poll.answer.ExportTasks[0]"


def export_states(
    name: str,
    export: DatabaseExport,
    source: dict[str, str],
    *,
    identifier: str = NEW_NAME,
    asked_of: Mapping[str, str] = MappingProxyType({}),
    interval: Duration,
    limit: Duration,
) -> Fragment:
    """Return the states that export a source under a name of its own.

    Parameters
    ----------
    name: str
        Name of the step.
    export: DatabaseExport
        What is exported, and where to.
    source: dict
        The parameter that says of what.
    identifier: str
        Path or intrinsic of the name of the export. By default a new one.
    asked_of: mapping of str to str
        Parameters beside the name by which the export is asked about. By default none.
    interval, limit: Duration
        Time between two questions at first, and after which waiting ends.
    """
    start = RDS.call(
        name,
        "StartExportTask",
        {
            "ExportTaskIdentifier.$": identifier,
            **source,
            "S3BucketName": export.zone.bucket.bucket_name,
            "S3Prefix": export.prefix.removesuffix("/"),
            "IamRoleArn": export.role.role_arn,
            "KmsKeyId": export.zone.key.key_arn,
            "ExportOnly": list(export.export_only),
        },
        # The export is there, and another one of its name would be refused.
        repeatable=False,
        result={"id.$": "$.ExportTaskIdentifier"},
    )
    poll = RDS.poll(
        "DescribeExportTasks",
        {"ExportTaskIdentifier.$": "$.poll.id", **asked_of},
        succeeded=equals(f"{_FOUND}.Status", "COMPLETE"),
        failures=[
            (equals(f"{_FOUND}.Status", status), f"States.JsonToString({_FOUND})") for status in ("FAILED", "CANCELED")
        ],
        unanswered={"ExportTasks": [{"Status": "STARTING"}]},
    )
    return poll.fragment(name, start, interval=interval, limit=limit)
