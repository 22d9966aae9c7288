"""A transfer of files into a zone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Token
from aws_cdk import aws_datasync as datasync
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.catalog import Landing, Unpartitioned
from lake_blueprints.catalog.names import check_prefix
from lake_blueprints.contracts import Dataset
from lake_blueprints.foundation.access import ServiceRole, allow
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.datasync import permissions
from lake_blueprints.ingestion.datasync.source import DATASYNC, TransferSource, s3_location, transfers_of
from lake_blueprints.storage.s3 import Zone
from template_checks.limits import datasync as limits

_TASK = datasync.CfnTask
_REPORTS = "transfers"
# Patterns are kept in one text, between these.
_BETWEEN = "|"
_FREQUENT = re.compile(r"rate\(\d+ minutes?\)")


@checked
class FileTransfer(Construct):
    """Define a transfer of files into a zone, in enhanced mode, whose files are verified when they have arrived.

    Nothing is paid for while no files are copied. What has gone from the source stays in the zone; what has changed
    there is copied again, over what was copied before, of which the zone keeps versions.

    Parameters
    ----------
    source: TransferSource
        Where the files are: `S3Location`, `NfsShare`, `SmbShare`, `Hdfs` or `ObjectStorage`.
    zone: Zone
        Zone of the copies, and of reports of what could not be copied, below `transfers/`.
    prefix: str
        Prefix of the copies, ending in a slash.
    include: sequence of str
        Files and folders that are copied, as patterns from the root of the source: "/2026*". By default all.
    exclude: sequence of str
        Those that are not: "*.tmp". By default none.
    schedule: events.Schedule, optional
        When it starts by itself, once in an hour or less often. By default `StartTransfer` starts it.
    bytes_per_second: int, optional
        Most bytes a second, at least 1,048,576. By default as many as there is room for.

    Defines
    -------
    Two locations and a task, as `task_arn`; a role for each bucket, that of the zone as `role`, and one for the secret.

    Raises
    ------
    ValueError
        If the prefix, a pattern, the schedule or the bandwidth is none that DataSync takes.

    Notes
    -----
    https://docs.aws.amazon.com/datasync/latest/userguide/choosing-task-mode.html

    Example
    -------
        >>> agent = f"arn:{Aws.PARTITION}:datasync:eu-central-1:111122223333:agent/agent-01234567890123456"
        >>> share = NfsShare(host="files.example.com", path="/exports/flights", agent_arns=[agent])
        >>> FileTransfer(self, "Flights", source=share, zone=zone, prefix="flights/", exclude=["*.tmp"])
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        source: TransferSource,
        zone: Zone,
        prefix: str,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        schedule: events.Schedule | None = None,
        bytes_per_second: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        check_prefix(prefix)
        if bytes_per_second is not None and not Token.is_unresolved(bytes_per_second):
            limits.BANDWIDTH.check("bytes_per_second", bytes_per_second)
        self.zone, self.prefix = zone, prefix
        self.role = ServiceRole(
            self,
            "Role",
            services=[DATASYNC],
            description=f"Copies files into {prefix} of a zone",
            source_arn=transfers_of(self),
        )
        reports = f"{_REPORTS}/{prefix}"
        allow(self.role, *permissions.copy_into(zone, prefix))
        allow(self.role, *permissions.copy_into(zone, reports, "writes reports"))
        task = _TASK(
            self,
            "Task",
            source_location_arn=source.define(self),
            destination_location_arn=s3_location(self, "Target", zone.bucket, prefix, self.role),
            task_mode="ENHANCED",
            includes=_filter("include", include),
            excludes=_filter("exclude", exclude),
            schedule=_TASK.TaskScheduleProperty(schedule_expression=_expression(schedule)) if schedule else None,
            options=_TASK.OptionsProperty(
                verify_mode="ONLY_FILES_TRANSFERRED",
                preserve_deleted_files="PRESERVE",
                transfer_mode="CHANGED",
                overwrite_mode="ALWAYS",
                # A zone knows neither owners nor rights of files; enhanced mode takes no others between buckets.
                gid="NONE",
                uid="NONE",
                posix_permissions="NONE",
                log_level="TRANSFER",
                bytes_per_second=bytes_per_second,
            ),
            task_report_config=_TASK.TaskReportConfigProperty(
                output_type="STANDARD",
                report_level="ERRORS_ONLY",
                object_version_ids="NONE",
                destination=_TASK.DestinationProperty(
                    s3=_TASK.S3Property(
                        s3_bucket_arn=zone.bucket.bucket_arn,
                        subdirectory=f"/{reports}",
                        bucket_access_role_arn=self.role.role_arn,
                    )
                ),
            ),
        )
        self.task_arn: str = task.attr_task_arn

    def landing(self, dataset: Dataset) -> Landing:
        """Return the copies as files of a dataset, for what reads them: a `CurationJob`.

        Parameters
        ----------
        dataset: Dataset
            Contract of the records, with the format of the files.
        """
        return Landing(zone=self.zone, prefix=self.prefix, dataset=dataset, layout=Unpartitioned())

    def grant_start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow starting the transfer and looking at how it goes."""
        return allow(grantee, *permissions.start_transfer(self.task_arn))


def _filter(option: str, patterns: Sequence[str]) -> list[datasync.CfnTask.FilterRuleProperty] | None:
    for pattern in patterns:
        if not pattern or _BETWEEN in pattern:
            raise ValueError(f"a pattern of '{option}' is some text without '{_BETWEEN}', got '{pattern}'")
    if not patterns:
        return None
    return [_TASK.FilterRuleProperty(filter_type="SIMPLE_PATTERN", value=_BETWEEN.join(patterns))]


def _expression(schedule: events.Schedule) -> str:
    expression = schedule.expression_string
    # https://docs.aws.amazon.com/datasync/latest/userguide/task-scheduling.html
    if _FREQUENT.fullmatch(expression):
        raise ValueError(f"'schedule' must be once in an hour or less often, got {expression}")
    return expression
