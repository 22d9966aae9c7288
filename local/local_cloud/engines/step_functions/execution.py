"""Executions: a state machine that runs, from its start to its status."""

from __future__ import annotations

import json
import queue
import threading
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus

from local_cloud.engines.step_functions.errors import HaltedError, StateError
from local_cloud.engines.step_functions.halting import Halt
from local_cloud.engines.step_functions.history import History, Trail
from local_cloud.engines.step_functions.json_text import compact, iso_8601
from local_cloud.engines.step_functions.map_runs import MapRun
from local_cloud.engines.step_functions.scope import Scope
from local_cloud.engines.step_functions.states import run_states
from local_cloud.server.runtime import Runtime

# A function may take its 15 minutes.
_LONGEST_CALL_SECONDS = 99_999_999


class TaskTokens:
    """The tasks of an execution that wait for their tokens to come back."""

    def __init__(self) -> None:
        self._open: dict[str, queue.SimpleQueue[Any]] = {}

    def open(self, token: str) -> queue.SimpleQueue[Any]:
        return self._open.setdefault(token, queue.SimpleQueue())

    def close(self, token: str) -> None:
        self._open.pop(token, None)

    def send(self, token: str, message: dict[str, Any] | None) -> bool:
        """Give a task an outcome, or a heartbeat (None); tell whether there is that task."""
        mailbox = self._open.get(token)
        if mailbox is None:
            return False
        mailbox.put(message)
        return True


class Machine:
    """The identity of an execution and its calls of AWS, which all of its paths share.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    region: str
        Region of the state machine.
    role_arn: str
        Its role, under which tasks call.
    """

    def __init__(self, runtime: Runtime, *, region: str, role_arn: str) -> None:
        self.region = region
        self.tokens = TaskTokens()
        self.map_runs: list[MapRun] = []
        self.longest_wait = runtime.longest_wait
        self._runtime = runtime
        self._role_arn = role_arn

    def client(self, service: str, *, region: str | None = None, role: str | None = None) -> Any:
        """Return a boto3 client under the role of the state machine, or another one."""
        return self._runtime.client(
            service, region or self.region, role=role or self._role_arn, read_timeout=_LONGEST_CALL_SECONDS
        )


class Run:
    """A running execution.

    Parameters
    ----------
    runtime: Runtime
        The local cloud.
    execution: Any
        moto's record of it, whose status, output and error it sets.
    """

    def __init__(self, runtime: Runtime, execution: Any) -> None:
        machine = execution.state_machine
        self._runtime = runtime
        self._execution = execution
        self._program: dict[str, Any] = json.loads(machine.definition)
        self._halt = Halt()
        self._ended_by: dict[str, Any] | None = None
        self.machine = Machine(runtime, region=execution.region_name, role_arn=execution.role_arn)
        self.history = History(limited=machine.type != "EXPRESS")
        self._scope = Scope(
            machine=self.machine,
            history=self.history,
            trail=Trail(),
            halt=self._halt,
            context={
                "Execution": {
                    "Id": execution.exec_arn,
                    "Input": execution.input_data,
                    "Name": execution.name,
                    "RedriveCount": 0,
                    "RoleArn": execution.role_arn,
                    "StartTime": iso_8601(execution.start_date.astimezone(UTC)),
                },
                "StateMachine": {"Id": machine.arn, "Name": machine.name},
            },
        )

    def start(self) -> None:
        name = f"execution {self._execution.name} of state machine {self._execution.state_machine.name}"
        self._runtime.background(self._run, name)

    def stop(self, error: str | None, cause: str | None) -> None:
        """End it as StopExecution does."""
        details = {key: value for key, value in (("error", error), ("cause", cause)) if value}
        self._end_by({"status": ExecutionStatus.ABORTED, "event": "ExecutionAborted", "details": details})

    def _end_by(self, end: dict[str, Any]) -> None:
        self._ended_by = self._ended_by or end
        self._halt.halt()

    def _run(self) -> None:
        timer = self._timer()
        try:
            self._set(**self._outcome())
        except Exception as error:
            self._set(status=ExecutionStatus.FAILED, error="States.Runtime", cause=f"{type(error).__name__}: {error}")
        finally:
            if timer:
                timer.cancel()

    def _timer(self) -> threading.Timer | None:
        if "TimeoutSeconds" not in self._program:
            return None
        end = {"status": ExecutionStatus.TIMED_OUT, "event": "ExecutionTimedOut", "details": {}}
        timer = threading.Timer(self._program["TimeoutSeconds"], self._end_by, [end])
        timer.daemon = True
        timer.start()
        return timer

    def _outcome(self) -> dict[str, Any]:
        data = self._execution.input_data
        started = {
            "input": compact(data),
            "inputDetails": {"truncated": False},
            "roleArn": self._execution.role_arn,
        }
        self._scope.event("ExecutionStarted", moves=False, executionStartedEventDetails=started)
        try:
            output = compact(run_states(self._program, data, self._scope))
        except StateError as error:
            self._scope.event("ExecutionFailed", executionFailedEventDetails=error.details)
            return {"status": ExecutionStatus.FAILED, "error": error.name, "cause": error.cause or None}
        except HaltedError:
            end = self._ended_by or {}
            self._scope.event(
                end["event"], **{f"{end['event'][0].lower()}{end['event'][1:]}EventDetails": end["details"]}
            )
            return {"status": end["status"], **end["details"]}
        details = {"output": output, "outputDetails": {"truncated": False}}
        self._scope.event("ExecutionSucceeded", executionSucceededEventDetails=details)
        return {"status": ExecutionStatus.SUCCEEDED, "output": output}

    def _set(self, status: ExecutionStatus, **members: Any) -> None:
        for name, value in members.items():
            setattr(self._execution, name, value)
        self._execution.stop_date = datetime.now(UTC)
        self._execution.exec_status = status
