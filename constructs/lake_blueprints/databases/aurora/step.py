"""A pipeline step that exports a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.databases.aurora.cluster_export import ClusterExport
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.orchestration.asl import IDEMPOTENCY_TOKEN, ONE_CALL, Fragment, busy, check_name, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import Poll
from lake_blueprints.orchestration.retryable_errors import RDS, RDS_BUSY
from lake_blueprints.orchestration.step import Step

_FOUND = "$.poll.answer.ExportTasks[0]"


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
    timeout: Duration = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        export = self.export
        name = check_name(self.name or f"Export {export.cluster.node.id}")
        start = task(
            name,
            "aws-sdk:rds:startExportTask",
            {
                # It begins with a letter; what runs again exports again.
                "ExportTaskIdentifier.$": f"States.Format('lake-{{}}', {IDEMPOTENCY_TOKEN})",
                "SourceArn": export.cluster.cluster_arn,
                "S3BucketName": export.zone.bucket.bucket_name,
                "S3Prefix": export.prefix.removesuffix("/"),
                "IamRoleArn": export.role.role_arn,
                "KmsKeyId": export.zone.key.key_arn,
                "ExportOnly": list(export.export_only),
            },
            timeout=ONE_CALL,
            # Not after an answer that was lost: the export is there, and another one of its name would be refused.
            retries=[busy(RDS_BUSY)],
            result={"id.$": "$.ExportTaskIdentifier"},
        )
        poll = Poll(
            action="aws-sdk:rds:describeExportTasks",
            parameters={"ExportTaskIdentifier.$": "$.poll.id"},
            transient=(*RDS_BUSY, *RDS),
            succeeded={"Variable": f"{_FOUND}.Status", "StringEquals": "COMPLETE"},
            failures=[
                ({"Variable": f"{_FOUND}.Status", "StringEquals": status}, f"States.JsonToString({_FOUND})")
                for status in ("FAILED", "CANCELED")
            ],
            unanswered={"ExportTasks": [{"Status": "STARTING"}]},
        )
        return poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)

    def grant(self, role: ServiceRole) -> None:
        self.export.grant_export(role)
