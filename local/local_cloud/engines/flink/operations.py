"""Starts and stops of an application, as `DescribeApplicationOperation` tells of them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

START, STOP = "StartApplication", "StopApplication"
_UNDER_WAY = "IN_PROGRESS"


@dataclass(kw_only=True)
class Operation:
    """One start or stop.

    Parameters
    ----------
    name: str
        `StartApplication` or `StopApplication`.
    status: str
        IN_PROGRESS, SUCCESSFUL or FAILED.
    problem: str
        Why it failed.
    """

    name: str
    status: str = _UNDER_WAY
    problem: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    began: float = field(default_factory=time.time)
    ended: float | None = None

    @property
    def is_under_way(self) -> bool:
        return self.status == _UNDER_WAY

    def end(self, problem: str) -> None:
        """Note that it has ended, and the problem if it has failed."""
        self.status, self.problem, self.ended = "FAILED" if problem else "SUCCESSFUL", problem, time.time()

    def described(self) -> dict[str, Any]:
        failure = {"OperationFailureDetails": {"ErrorInfo": {"ErrorString": self.problem}}} if self.problem else {}
        return {
            "Operation": self.name,
            "StartTime": self.began,
            "EndTime": self.ended or self.began,
            "OperationStatus": self.status,
            **failure,
        }
