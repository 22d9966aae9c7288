"""A pipeline step that exports a DynamoDB table to a zone."""

from __future__ import annotations

from dataclasses import dataclass, field

from attrs import evolve
from aws_cdk import Duration

from lake_blueprints.catalog import Landing, Unpartitioned
from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset, DatasetFormat
from lake_blueprints.databases.dynamodb.permissions import export_items
from lake_blueprints.databases.dynamodb.serving_table import ServingTable
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import IDEMPOTENCY_TOKEN, Fragment, State, check_name, equals
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.service import DYNAMODB
from lake_blueprints.orchestration.step import Step
from lake_blueprints.storage.s3 import Zone

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
_SHORTEST, _LONGEST = Duration.minutes(15), Duration.hours(24)


@checked
@dataclass(frozen=True, kw_only=True)
class ExportItems(Step):
    """Export the items of a table to a prefix of a zone, as DynamoDB JSON.

    An export reads the table's backup and takes none of its capacity. A `CurationJob` whose source is the step's
    `landing` reads the exports below the prefix that are complete, by their manifests.

    Parameters
    ----------
    table: ServingTable
        The table, with point-in-time recovery.
    zone: Zone
        Zone that receives the export.
    prefix: str
        Prefix of the exports, ending in a slash.
    changes_of: Duration, optional
        Length of a window, 15 minutes to 24 hours: the export holds the items that changed in the last such window
        that has ended when the execution starts; windows are counted from midnight UTC, 1 January 1970. A pipeline
        that starts once in each window misses none. By default everything is exported.
    timeout: Duration
        Time after which waiting ends and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Export` and the table's id.

    Raises
    ------
    ValueError
        If the table has no point-in-time recovery, the window is out of range, or the prefix is invalid.

    Notes
    -----
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html

    Example
    -------
        >>> serving = ServingTable(self, "Serving", dataset=contract["flights"])
        >>> ExportItems(table=serving, zone=raw, prefix="served/")
    """

    table: ServingTable
    zone: Zone
    prefix: str
    changes_of: KnownDurationInSeconds | None = None
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(2))
    name: str | None = None

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
        if not self.table.point_in_time_recovery:
            raise ValueError(f"table '{self.table.node.id}' has no 'point_in_time_recovery', from which it is exported")
        seconds = self.changes_of.to_seconds() if self.changes_of else _LONGEST.to_seconds()
        if not _SHORTEST.to_seconds() <= seconds <= _LONGEST.to_seconds():
            raise ValueError(f"'changes_of' must be 15 minutes to 24 hours, got {seconds:g} seconds")

    def landing(self, dataset: Dataset) -> Landing:
        """Return the exports as records of a dataset, which a `CurationJob` takes as its source."""
        exported = evolve(dataset, format=DatasetFormat.DYNAMODB_JSON)
        return Landing(zone=self.zone, prefix=self.prefix, dataset=exported, layout=Unpartitioned())

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Export {self.table.node.id}")
        request = {
            "TableArn": self.table.table.table_arn,
            "S3Bucket": self.zone.bucket.bucket_name,
            "S3Prefix": self.prefix.removesuffix("/"),
            "S3SseAlgorithm": "KMS",
            "S3SseKmsKeyId": self.zone.key.key_arn,
            "ExportFormat": "DYNAMODB_JSON",
            "ClientToken.$": IDEMPOTENCY_TOKEN,
        }
        window: dict[str, State] = {}
        if self.changes_of:
            window = {f"{name} window": {**_window(self.changes_of), "Next": name}}
            request |= {"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification.$": "$.window"}
        begun, found = {"arn.$": "$.ExportDescription.ExportArn"}, "$.poll.answer.ExportDescription"
        start = DYNAMODB.call(name, "ExportTableToPointInTime", request, result=begun)
        poll = DYNAMODB.poll(
            "DescribeExport",
            {"ExportArn.$": "$.poll.arn"},
            succeeded=equals(f"{found}.ExportStatus", "COMPLETED"),
            failures=[(equals(f"{found}.ExportStatus", "FAILED"), f"States.JsonToString({found})")],
            unanswered={"ExportDescription": {"ExportStatus": "IN_PROGRESS"}},
        )
        exported = poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)
        return Fragment(start=next(iter(window), name), end=exported.end, states={**window, **exported.states})

    def grant(self, role: ServiceRole) -> None:
        allow(role, *export_items(self.table.table, self.table.key, self.zone, self.prefix))


def _window(length: Duration) -> State:
    """Return the state that calculates the last whole window before the execution's start."""
    milliseconds = int(length.to_milliseconds())
    end = f"$floor($toMillis($states.context.Execution.StartTime) / {milliseconds}) * {milliseconds}"
    return {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": (
            f"{{% ($end := {end}; $merge([$states.input, {{'window': {{"
            f"'ExportFromTime': $fromMillis($end - {milliseconds}), 'ExportToTime': $fromMillis($end), "
            "'ExportViewType': 'NEW_AND_OLD_IMAGES'}}])) %}"
        ),
    }
