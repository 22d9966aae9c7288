"""A pipeline step that exports an instance."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.databases.rds.export_states import NEW_NAME, export_states
from lake_blueprints.databases.rds.instance_export import InstanceExport
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, check_name, equals, joined
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.service import RDS
from lake_blueprints.orchestration.step import Step

_FOUND = "$.poll.answer.DbSnapshots[0]"


@checked
@dataclass(frozen=True, kw_only=True)
class ExportInstance(Step):
    """Take a snapshot of an instance, export it to a zone, and delete it: at least half an hour, however little it is.

    If the export fails, the snapshot stays; its name is that of the export.

    Parameters
    ----------
    export: InstanceExport
        What is exported, and where to.
    timeout: Duration
        Time after which waiting for the snapshot, and for the export, ends and the step fails; both go on. By default
        12 hours.
    name: str, optional
        Name of the step. By default `Export` and the instance's id.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html
    """

    export: InstanceExport
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Export {self.export.instance.node.id}")
        # In questions as well: the role may ask about exports of these snapshots alone.
        source = {"SourceArn.$": f"States.Format('{self.export.snapshot_arn('{}')}', $.poll.id)"}
        exported = export_states(
            name,
            self.export,
            source,
            identifier="$.poll.id",
            asked_of=source,
            interval=context.poll_interval,
            limit=self.timeout,
        )
        deletes = f"{name} tidies"
        deletion = RDS.call(deletes, "DeleteDBSnapshot", {"DbSnapshotIdentifier.$": "$.poll.id"})
        return joined(
            self._snapshot(f"{name} snapshot", context),
            exported,
            Fragment(start=deletes, end=deletes, states=deletion),
        )

    def grant(self, role: ServiceRole) -> None:
        self.export.grant_export(role)

    def _snapshot(self, name: str, context: StepContext) -> Fragment:
        """Return the states that take a snapshot, whose name the export has too, and wait for it."""
        start = RDS.call(
            name,
            "CreateDBSnapshot",
            {
                "DbInstanceIdentifier": self.export.instance.instance_identifier,
                "DbSnapshotIdentifier.$": NEW_NAME,
            },
            busy_on=[*RDS.busy, "Rds.InvalidDbInstanceStateException"],
            # The snapshot is there, and another one of its name would be refused.
            repeatable=False,
            result={"id.$": NEW_NAME},
        )
        poll = RDS.poll(
            "DescribeDBSnapshots",
            {"DbSnapshotIdentifier.$": "$.poll.id"},
            succeeded=equals(f"{_FOUND}.Status", "available"),
            failures=[(equals(f"{_FOUND}.Status", "failed"), f"States.JsonToString({_FOUND})")],
            unanswered={"DbSnapshots": [{"Status": "creating"}]},
        )
        return poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)
