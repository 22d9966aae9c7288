"""Replaying a range of a stream."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.kinesis.stream_replay import StreamReplay
from lake_blueprints.orchestration.asl import Fragment, State, check_name, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import count, gave_up
from lake_blueprints.orchestration.retryable_errors import LAMBDA
from lake_blueprints.orchestration.step import Step

# A call returns when it has read all, or has worked so long.
_CALL = Duration.minutes(14)


@checked
@dataclass(frozen=True, kw_only=True)
class ReplayStream(Step):
    """Write the records of a stream between two times to a zone again, in as many calls as that takes.

    A record is in the range if it arrived at `since` or later, and before `until`. The step fails if the range begins
    before what the stream still has. Its output has the number of `records` and `objects`, and the URI of the `report`.

    Parameters
    ----------
    replay: StreamReplay
        The replay that is run.
    since, until: datetime, optional
        The range, with a time zone. By default those of the execution's input: `{"since": "2026-01-01T00:00:00Z",
        "until": "2026-01-01T06:00:00Z"}`.
    timeout: Duration
        Time after which no further call is made and the step fails. By default 12 hours.
    name: str, optional
        Name of the step. By default `Replay` and the id of the replay.

    Raises
    ------
    ValueError
        If one of the times is given without the other, has no time zone, or they are no range.

    Notes
    -----
    https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
    """

    replay: StreamReplay
    since: datetime | None = None
    until: datetime | None = None
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def __post_init__(self) -> None:
        if self.since is None and self.until is None:
            return
        if self.since is None or self.until is None:
            raise ValueError(
                f"'since' and 'until' must be given both or neither, got {self.since} and {self.until}; without them "
                "the execution's input has them"
            )
        for option, moment in (("since", self.since), ("until", self.until)):
            if moment.tzinfo is None:
                raise ValueError(f"'{option}' must have a time zone, got {moment}; give it 'tzinfo=UTC'")
        if self.since >= self.until:
            raise ValueError(f"'since' must be before 'until', got {self.since} and {self.until}")

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Replay {self.replay.node.id}")
        begins, counts, decides, done = f"{name} begins", f"{name} counts", f"{name} decides", f"{name} done"
        late, last = f"{name} took too long", "$.replay.call.Payload"
        call = task(
            name,
            "lambda:invoke",
            {"FunctionName": self.replay.function.function_arn, "Payload.$": last},
            # One that takes too long is ended by Lambda.
            timeout=Duration.minutes(16),
            retries=[retry(LAMBDA)],
            result={"Payload.$": "$.Payload"},
            result_path="$.replay.call",
        )
        rounds = math.ceil(self.timeout.to_seconds() / _CALL.to_seconds())
        choices: list[State] = [
            {"Variable": f"{last}.done", "BooleanEquals": True, "Next": done},
            {"Variable": "$.replay.count.value", "NumericGreaterThanEquals": rounds, "Next": late},
        ]
        states: dict[str, State] = {
            begins: {"Type": "Pass", "Parameters": self._begun, "ResultPath": "$.replay", "Next": name},
            **call,
            name: call[name] | {"Next": counts},
            counts: count("$.replay.count") | {"Next": decides},
            decides: {"Type": "Choice", "Choices": choices, "Default": name},
            late: gave_up(name, self.timeout),
            done: {
                "Type": "Pass",
                "Parameters": {f"{found}.$": f"{last}.{found}" for found in ("records", "objects", "report")},
                "ResultPath": "$.replay",
            },
        }
        return Fragment(start=begins, end=done, states=states)

    @property
    def _begun(self) -> State:
        begun: State = {"count": {"value": 0}}
        if self.since is None or self.until is None:
            return {**begun, "call": {"Payload.$": "$$.Execution.Input"}}
        asked = {name: one.astimezone(UTC).isoformat() for name, one in (("since", self.since), ("until", self.until))}
        return {**begun, "call": {"Payload": asked}}

    def grant(self, role: ServiceRole) -> None:
        self.replay.grant_run(role)
