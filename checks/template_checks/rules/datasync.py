"""DataSync: what transfers do in a lake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from template_checks.core.rule import Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import matching, within
from template_checks.limits import datasync as limits

TASK: Final = "AWS::DataSync::Task"
_GUIDE: Final = "https://docs.aws.amazon.com/datasync/latest/userguide"


@rule(
    "LAKE-DATASYNC-001",
    TASK,
    title="A transfer deletes nothing at its destination",
    fix="set Options.PreserveDeletedFiles to PRESERVE, and let a lifecycle rule expire what is old",
    source=f"{_GUIDE}/configure-metadata.html",
)
def deletes_nothing(task: Resource) -> Iterator[Violation]:
    """Files of the lake disappear as soon as they disappear at the source, or the source cannot be read."""
    node = task.at("Options.PreserveDeletedFiles")
    if node.text == "REMOVE":
        yield Violation(at=node, allowed="PRESERVE")


@rule(
    "LAKE-DATASYNC-002",
    TASK,
    title="A task has options that its mode takes",
    fix="verify ONLY_FILES_TRANSFERRED in enhanced mode, limit the bandwidth to 1 MiB or more, start once in an hour",
    source=f"{_GUIDE}/choosing-task-mode.html",
)
def options(task: Resource) -> Iterator[Violation]:
    """DataSync refuses others."""
    verify = task.at("Options.VerifyMode")
    if task.at("TaskMode").text == "ENHANCED" and verify.text == "POINT_IN_TIME_CONSISTENT":
        yield Violation(at=verify, allowed="ONLY_FILES_TRANSFERRED or NONE in enhanced mode")
    speed = task.at("Options.BytesPerSecond")
    if speed.number is not None and speed.number != -1:
        yield from within(speed, limits.BANDWIDTH)
    often = r"(?!rate\(\d+ minutes?\)).*"
    yield from matching(task.at("Schedule.ScheduleExpression"), often, "once in an hour or less often")
