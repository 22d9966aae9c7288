"""Running a transfer."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.datasync.file_transfer import FileTransfer
from lake_blueprints.orchestration.asl import Fragment, check_name, equals
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.service import DATASYNC
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
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Transfer {self.transfer.node.id}")
        begun, status = {"execution.$": "$.TaskExecutionArn"}, "$.poll.answer.Status"
        start = DATASYNC.call(name, "StartTaskExecution", {"TaskArn": self.transfer.task_arn}, result=begun)
        poll = DATASYNC.poll(
            "DescribeTaskExecution",
            {"TaskExecutionArn.$": "$.poll.execution"},
            succeeded=equals(status, "SUCCESS"),
            failures=[
                (equals(status, "ERROR"), "States.JsonToString($.poll.answer.Result)"),
                (equals(status, "CANCELLING"), "States.JsonToString($.poll.answer)"),
            ],
        )
        return poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)

    def grant(self, role: ServiceRole) -> None:
        self.transfer.grant_start(role)
