"""Errors of the States Language: their names, and which of them a Retrier or Catcher matches.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterable

ALL = "States.ALL"
BRANCH_FAILED = "States.BranchFailed"
DATA_LIMIT = "States.DataLimitExceeded"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
INTRINSIC_FAILURE = "States.IntrinsicFailure"
ITEM_READER_FAILED = "States.ItemReaderFailed"
NO_CHOICE_MATCHED = "States.NoChoiceMatched"
QUERY_EVALUATION = "States.QueryEvaluationError"
RESULT_PATH_MATCH = "States.ResultPathMatchFailure"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
THRESHOLD = "States.ExceedToleratedFailureThreshold"
TIMEOUT = "States.Timeout"

# No wildcard matches these; the first is matched by nothing at all.
_TERMINAL = (RUNTIME, DATA_LIMIT)


class StateError(Exception):
    """The failure of a state.

    Parameters
    ----------
    name: str
        Error Name, such as `States.Timeout`.
    cause: str
        Description for people.
    location: str, optional
        Field whose JSONata expression failed.
    also: str, optional
        Second name under which it can be retried and caught.
    """

    def __init__(self, name: str | None, cause: str | None = "", *, location: str = "", also: str = "") -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause
        self.location = location
        self.also = also
        self.located = False
        # Whether the history has an event of it.
        self.reported = False

    def at(self, state: str, entered: int) -> StateError:
        """Say in the cause which state was executed, as Step Functions does for errors of its own."""
        if self.name in {RUNTIME, QUERY_EVALUATION} and not self.located:
            where = f"the state '{state}' (entered at the event id #{entered})"
            self.cause = f"An error occurred while executing {where}. {self.cause}"
        self.located = True
        return self

    def is_among(self, names: Iterable[str]) -> bool:
        """Tell whether `ErrorEquals` matches."""
        if self.name == RUNTIME:
            return False
        wildcards = {ALL}
        if self.name != TIMEOUT:
            wildcards.add(TASK_FAILED)
        own = {self.name, self.also}
        return any(name in own or (name in wildcards and self.name not in _TERMINAL) for name in names)

    @property
    def output(self) -> dict[str, str]:
        """The Error Output that a Catcher receives."""
        return {"Error": self.name or "", "Cause": self.cause or ""}

    @property
    def details(self) -> dict[str, str]:
        """Members of the history's event."""
        return {key: value for key, value in (("error", self.name), ("cause", self.cause)) if value}


class HaltedError(Exception):
    """The path of execution has been ended from outside: by a timeout, StopExecution or a branch that failed."""


class UnsupportedError(Exception):
    """Something in a definition that nothing here runs."""
