"""Running a transfer."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.ingestion.datasync.file_transfer import FileTransfer
from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, busy, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import Poll
from lake_blueprints.orchestration.retryable_errors import DATASYNC, DATASYNC_BUSY
from lake_blueprints.orchestration.step import Step


@checked
@dataclass(frozen=True, kw_only=True)
class StartTransfer(Step):
    """Run a transfer to its end; if one is under way, it waits for that and then copies what is new.

    Parameters
    ----------
    transfer: FileTransfer
        What runs.
    timeout: Duration
        Time after which waiting ends and the step fails; the transfer goes on. By default 12 hours.
    name: str, optional
        Name of the step. By default `Transfer` and the transfer's id.

    Notes
    -----
    https://docs.aws.amazon.com/datasync/latest/userguide/API_DescribeTaskExecution.html
    """

    transfer: FileTransfer
    timeout: Duration = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Transfer {self.transfer.node.id}")
        start = task(
            name,
            "aws-sdk:datasync:startTaskExecution",
            {"TaskArn": self.transfer.task_arn},
            timeout=ONE_CALL,
            retries=[busy(DATASYNC_BUSY), retry(DATASYNC)],
            result={"execution.$": "$.TaskExecutionArn"},
        )
        status = "$.poll.answer.Status"
        poll = Poll(
            action="aws-sdk:datasync:describeTaskExecution",
            parameters={"TaskExecutionArn.$": "$.poll.execution"},
            transient=(*DATASYNC_BUSY, *DATASYNC),
            succeeded={"Variable": status, "StringEquals": "SUCCESS"},
            failures=[
                ({"Variable": status, "StringEquals": "ERROR"}, "States.JsonToString($.poll.answer.Result)"),
                ({"Variable": status, "StringEquals": "CANCELLING"}, "States.JsonToString($.poll.answer)"),
            ],
        )
        return poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)

    def grant(self, role: ServiceRole) -> None:
        self.transfer.grant_start(role)
