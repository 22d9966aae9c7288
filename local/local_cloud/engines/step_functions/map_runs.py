"""Map Runs: the child workflow executions of a distributed Map state, and what is counted of them.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html,
https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_cloud.engines.step_functions.json_text import compact, iso_8601

_COUNTS = ("pending", "running", "succeeded", "failed", "timedOut", "aborted")


@dataclass
class Child:
    """A child workflow execution.

    Parameters
    ----------
    arn, state_machine_arn: str
        Its ARN, and the state machine's with the label of the Map state.
    data: Any
        Its input: an item or a batch of them.
    items: int
        How many items that are.
    """

    arn: str
    state_machine_arn: str
    data: Any
    items: int
    status: str = "PENDING"
    output: Any = None
    error: dict[str, str] = field(default_factory=dict)
    started: datetime | None = None
    stopped: datetime | None = None

    @property
    def name(self) -> str:
        return self.arn.rpartition(":")[2]

    @property
    def record(self) -> dict[str, Any]:
        """Its record in the files of a ResultWriter."""
        ended = self.status in {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}
        output = {"Output": compact(self.output), "OutputDetails": {"Included": True}}
        return {
            "ExecutionArn": self.arn,
            "Input": compact(self.data),
            "InputDetails": {"Included": True},
            "Name": self.name,
            **(output if self.status == "SUCCEEDED" else {}),
            **{key.capitalize(): value for key, value in self.error.items()},
            **({"StartDate": iso_8601(self.started)} if self.started else {}),
            "StateMachineArn": self.state_machine_arn,
            "Status": self.status,
            **({"StopDate": iso_8601(self.stopped)} if ended and self.stopped else {}),
        }

    def listed(self, map_run_arn: str) -> dict[str, Any]:
        """Its entry in ListExecutions."""
        return {
            "executionArn": self.arn,
            "stateMachineArn": self.state_machine_arn,
            "name": self.name,
            "status": self.status,
            "startDate": self.started,
            "mapRunArn": map_run_arn,
            "itemCount": self.items,
            **({"stopDate": self.stopped} if self.stopped else {}),
        }


@dataclass
class MapRun:
    """A Map Run.

    Parameters
    ----------
    execution_arn, state_machine_arn: str
        ARNs of the execution whose state it is.
    label: str
        Label of the Map state.
    at_once: int
        MaxConcurrency; 0 if it has none.
    tolerated_count: int, optional
    tolerated_percentage: float, optional
        Thresholds of items that may fail. Without either none may.
    """

    execution_arn: str
    state_machine_arn: str
    label: str
    at_once: int
    tolerated_count: int | None
    tolerated_percentage: float | None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "RUNNING"
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    stopped: datetime | None = None
    children: list[Child] = field(default_factory=list)
    written: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def arn(self) -> str:
        return f"{self.state_machine_arn.replace(':stateMachine:', ':mapRun:', 1)}/{self.label}:{self.id}"

    def add(self, data: Any, items: int) -> None:
        machine = f"{self.state_machine_arn}/{self.label}"
        arn = f"{machine.replace(':stateMachine:', ':execution:', 1)}:{uuid.uuid4()}"
        self.children.append(Child(arn, machine, data, items))

    def end(self, child: Child, status: str) -> None:
        with self._lock:
            child.status, child.stopped = status, datetime.now(UTC)

    @property
    def is_exceeded(self) -> bool:
        """Whether more items have failed than are tolerated."""
        with self._lock:
            failed = sum(child.items for child in self.children if child.status in {"FAILED", "TIMED_OUT"})
        count, percentage = self.tolerated_count, self.tolerated_percentage
        if count is None and percentage is None:
            return failed > 0
        total = sum(child.items for child in self.children)
        beyond_count = count is not None and failed > count
        return beyond_count or (percentage is not None and failed > 0 and failed * 100 > percentage * total)

    def stop(self, status: str) -> None:
        self.status, self.stopped = status, datetime.now(UTC)

    def described(self) -> dict[str, Any]:
        """The answer of DescribeMapRun."""
        executions = Counter(_count_of(child) for child in self.children)
        items: Counter[str] = Counter()
        for child in self.children:
            items[_count_of(child)] += child.items
        return {
            "mapRunArn": self.arn,
            "executionArn": self.execution_arn,
            "status": self.status,
            "startDate": self.started,
            **({"stopDate": self.stopped} if self.stopped else {}),
            "maxConcurrency": self.at_once,
            "toleratedFailurePercentage": self.tolerated_percentage or 0.0,
            "toleratedFailureCount": self.tolerated_count or 0,
            "itemCounts": self._counts(items),
            "executionCounts": self._counts(executions),
            "redriveCount": 0,
        }

    def listed(self) -> dict[str, Any]:
        """Its entry in ListMapRuns."""
        return {
            "executionArn": self.execution_arn,
            "mapRunArn": self.arn,
            "stateMachineArn": f"{self.state_machine_arn}/{self.label}",
            "startDate": self.started,
            **({"stopDate": self.stopped} if self.stopped else {}),
        }

    def _counts(self, found: Counter[str]) -> dict[str, int]:
        ended = found["succeeded"] + found["failed"] + found["timedOut"] + found["aborted"]
        return {
            **{name: found[name] for name in _COUNTS},
            "total": found.total(),
            "resultsWritten": ended if self.written else 0,
            "failuresNotRedrivable": found["failed"],
            "pendingRedrive": 0,
        }


def _count_of(child: Child) -> str:
    return "timedOut" if child.status == "TIMED_OUT" else child.status.lower()
