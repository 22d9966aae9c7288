"""A pipeline step that exports a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.databases.aurora.cluster_export import ClusterExport
from lake_blueprints.databases.rds.export_states import export_states
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.orchestration.asl import Fragment, check_name
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.step import Step


@checked
@dataclass(frozen=True, kw_only=True)
class ExportCluster(Step):
    """Export a cluster to a zone, and wait for it: at least half an hour, however little there is.

    Parameters
    ----------
    export: ClusterExport
        What is exported, and where to.
    timeout: Duration
        Time after which waiting ends and the step fails; the export goes on. By default 12 hours.
    name: str, optional
        Name of the step. By default `Export` and the cluster's id.

    Notes
    -----
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html
    """

    export: ClusterExport
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        export = self.export
        name = check_name(self.name or f"Export {export.cluster.node.id}")
        return export_states(
            name,
            export,
            {"SourceArn": export.cluster.cluster_arn},
            interval=context.poll_interval,
            limit=self.timeout,
        )

    def grant(self, role: ServiceRole) -> None:
        self.export.grant_export(role)
