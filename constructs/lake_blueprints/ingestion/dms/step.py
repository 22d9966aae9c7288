"""Starting and stopping a replication, which no deployment does."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.foundation.units import KnownDurationInSeconds
from lake_blueprints.ingestion.dms.compute import Calls
from lake_blueprints.ingestion.dms.replication import Replication, ReplicationMode
from lake_blueprints.orchestration.asl import Fragment, State, check_name, equals, equals_any
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.poll import Poll
from lake_blueprints.orchestration.service import DMS
from lake_blueprints.orchestration.step import Step

# A replication that has never run; of DMS Serverless, and of a task.
_NEW = ("created", "ready")
_ENDED = ("stopped", "failed")
_BEGUN = {"begun.$": "$$.State.EnteredTime"}
_FIRST, _ON, _AGAIN = "start-replication", "resume-processing", "reload-target"


@checked
@dataclass(frozen=True, kw_only=True)
class StartReplication(Step):
    """Start a replication and wait until its full load is done and it reads changes; one that runs stays as it is.

    One that was stopped goes on where it was. One that has failed because the source has lost its place in the log
    does not: start it with `reload`.

    Parameters
    ----------
    replication: Replication
        What is started.
    reload: bool
        Whether all tables are loaded again if it does not run. By default it goes on where it was.
    timeout: Duration
        Time after which waiting ends and the step fails; the replication goes on. By default 12 hours.
    name: str, optional
        Name of the step. By default `Start` and the replication's id.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/APIReference/API_StartReplication.html
    """

    replication: Replication
    reload: bool = False
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(12))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Start {self.replication.node.id}")
        calls, arn = self.replication.calls, self.replication.arn
        request = {calls.arn_member: arn, f"{calls.type_member}.$": "$.start.type"}
        start = DMS.call(name, calls.start, request, result=_BEGUN)
        poll = _poll(calls, arn, self._succeeded("$.poll.answer", calls), unanswered="starting")
        waited = poll.fragment(name, start, interval=context.poll_interval, limit=self.timeout)
        known, follows = _status("$.start.answer", calls), _AGAIN if self.reload or self._loads_only else _ON
        looked = _look(
            name,
            calls,
            arn,
            choices=[
                {**equals_any(known, _NEW), "Next": f"{name} first"},
                {**equals_any(known, _ENDED), "Next": f"{name} again"},
            ],
            default=f"{name} joins",
        )
        chosen: dict[str, State] = {
            f"{name} first": _type(_FIRST, name),
            f"{name} again": _type(follows, name),
            f"{name} joins": poll.join(name, then=f"{name} begun"),
            # It has its full load behind it, or in front: both are waited for.
            f"{name} begun": _type(_FIRST, f"{name} waits"),
        }
        return Fragment(start=f"{name} looks", end=waited.end, states={**looked, **chosen, **waited.states})

    @property
    def _loads_only(self) -> bool:
        return self.replication.mode is ReplicationMode.FULL_LOAD

    def _succeeded(self, answer: str, calls: Calls) -> State:
        status, progress = _status(answer, calls), f"{answer}.{calls.found}[0].{calls.stats}.FullLoadProgressPercent"
        if self._loads_only:
            return equals(status, "stopped")
        loaded = [{"Variable": progress, "IsPresent": True}, {"Variable": progress, "NumericGreaterThanEquals": 100}]
        if self.replication.mode is ReplicationMode.CHANGES:
            return equals(status, "running")
        # Of one that goes on, the statistics of its load may be gone: DMS drops them with the capacity.
        return {"And": [equals(status, "running"), {"Or": [equals("$.start.type", _ON), {"And": loaded}]}]}

    def grant(self, role: ServiceRole) -> None:
        self.replication.grant_start(role)


@checked
@dataclass(frozen=True, kw_only=True)
class StopReplication(Step):
    """Stop a replication and wait for it; one that does not run stays as it is, one that has failed fails the step.

    Parameters
    ----------
    replication: Replication
        What is stopped.
    timeout: Duration
        Time after which waiting ends and the step fails. By default 1 hour.
    name: str, optional
        Name of the step. By default `Stop` and the replication's id.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/APIReference/API_StopReplication.html
    """

    replication: Replication
    timeout: KnownDurationInSeconds = field(default_factory=lambda: Duration.hours(1))
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Stop {self.replication.node.id}")
        calls, arn = self.replication.calls, self.replication.arn
        stop = DMS.call(name, calls.stop, {calls.arn_member: arn}, result=_BEGUN)
        poll = _poll(calls, arn, equals(_status("$.poll.answer", calls), "stopped"), unanswered="stopping")
        waited = poll.fragment(name, stop, interval=context.poll_interval, limit=self.timeout)
        known, failed = _status("$.start.answer", calls), f"{name} finds it failed"
        states: dict[str, State] = {
            **_look(
                name,
                calls,
                arn,
                choices=[
                    {**equals_any(known, (*_NEW, "stopped")), "Next": waited.end},
                    {**equals(known, "failed"), "Next": failed},
                ],
                default=name,
            ),
            failed: {"Type": "Fail", "Error": name, "CausePath": _reason("$.start.answer", calls)},
            **waited.states,
        }
        return Fragment(start=f"{name} looks", end=waited.end, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.replication.grant_stop(role)


def _look(name: str, calls: Calls, arn: str, *, choices: list[State], default: str) -> dict[str, State]:
    answer = {f"{calls.found}.$": f"$.{calls.found}"}
    return DMS.look(name, calls.describe, calls.filters(arn), answer=answer, choices=choices, default=default)


def _poll(calls: Calls, arn: str, succeeded: State, *, unanswered: str) -> Poll:
    return DMS.poll(
        calls.describe,
        calls.filters(arn),
        succeeded=succeeded,
        failures=[(equals(_status("$.poll.answer", calls), "failed"), _reason("$.poll.answer", calls))],
        unanswered={calls.found: [{"Status": unanswered}]},
    )


def _type(value: str, then: str) -> State:
    return {"Type": "Pass", "Result": {"type": value}, "ResultPath": "$.start", "Next": then}


def _status(answer: str, calls: Calls) -> str:
    return f"{answer}.{calls.found}[0].Status"


def _reason(answer: str, calls: Calls) -> str:
    return f"States.JsonToString({answer}.{calls.found}[0])"
