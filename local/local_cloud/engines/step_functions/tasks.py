"""Task states: a call, and what is waited for after it: a job, a task token, a timeout or a heartbeat.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html

Above 200 lines: the life of one task: call, token, heartbeat, timeout.
"""

from __future__ import annotations

import json
import queue
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_cloud.engines.step_functions.calls import call, result_of
from local_cloud.engines.step_functions.errors import (
    HEARTBEAT_TIMEOUT,
    RUNTIME,
    TASK_FAILED,
    TIMEOUT,
    HaltedError,
    StateError,
)
from local_cloud.engines.step_functions.flow import Flow
from local_cloud.engines.step_functions.halting import Halt
from local_cloud.engines.step_functions.integrations import SYNC_JSON, TOKEN, integration_of
from local_cloud.engines.step_functions.jobs import JOBS, with_json
from local_cloud.engines.step_functions.json_text import compact, epoch_milliseconds, plain
from local_cloud.engines.step_functions.limits import check_size
from local_cloud.engines.step_functions.scope import Scope
from local_cloud.engines.step_functions.services import service_model

_LONGEST_TASK = 99_999_999
_POLL_SECONDS = 0.1
_LONGEST_POLL_SECONDS = 0.5


def run_task(body: dict[str, Any], flow: Flow, scope: Scope) -> Any:
    """Return the result of a Task state.

    Raises
    ------
    StateError
        If the call fails, the job fails or the time is over.
    """
    task = _Task(body, flow, scope)
    try:
        return task.run()
    except StateError as error:
        task.report(error)
        raise
    finally:
        task.halt.close()


@dataclass
class _Answer:
    """The end of a task's work: a result, or an error."""

    result: Any = None
    error: BaseException | None = None


class _Task:
    def __init__(self, body: dict[str, Any], flow: Flow, scope: Scope) -> None:
        self.integration = integration_of(body["Resource"])
        self.scope = scope
        self.halt = Halt(scope.halt)
        self._body = body
        self._flow = flow
        self._started = False

    def run(self) -> Any:
        if self.integration.pattern == TOKEN:
            self.scope.context["Task"] = {"Token": str(uuid.uuid4())}
        try:
            return self._run()
        finally:
            self.scope.context.pop("Task", None)

    def _run(self) -> Any:
        timeout = self._flow.integer("TimeoutSeconds", least=1, most=_LONGEST_TASK)
        heartbeat = self._flow.integer("HeartbeatSeconds", least=1, most=_LONGEST_TASK)
        role = self._role()
        given = self.integration.is_function or {"Parameters", "Arguments"} & self._body.keys()
        parameters = self._flow.arguments() if given else {}
        self._schedule(parameters, timeout, heartbeat, role)
        region = self.integration.region or self.scope.machine.region
        client = self.scope.machine.client(self.integration.service, region=region, role=role)
        token = self.scope.context.get("Task", {}).get("Token")
        mailbox = self.scope.machine.tokens.open(token) if token else None
        try:
            result = self._within(timeout, lambda: self._work(client, parameters, mailbox, heartbeat))
        finally:
            if token:
                self.scope.machine.tokens.close(token)
        check_size(result, self.integration.arn if self.integration.is_function else self.integration.resource_type)
        self._succeed(result)
        return result

    def _role(self) -> str | None:
        credentials = self._flow.fill(self._body.get("Credentials", {}), "Credentials", self._flow.input)
        role: str | None = credentials.get("RoleArn")
        return role

    def _within(self, timeout: int | None, work: Callable[[], Any]) -> Any:
        """Do the work in a thread, which a halt or the end of the time leaves alone."""
        answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()

        def run() -> None:
            try:
                answers.put(_Answer(result=work()))
            except BaseException as error:
                answers.put(_Answer(error=error))

        self.halt.listen(lambda: answers.put(_Answer(error=HaltedError())))
        threading.Thread(target=run, daemon=True).start()
        try:
            answer = answers.get(timeout=timeout)
        except queue.Empty:
            self.halt.halt()
            raise StateError(TIMEOUT, "") from None
        if answer.error is None:
            return answer.result
        if isinstance(answer.error, (StateError, HaltedError)):
            raise answer.error
        raise StateError(RUNTIME, f"{type(answer.error).__name__}: {answer.error}")

    def _work(self, client: Any, parameters: Any, mailbox: Any, heartbeat: int | None) -> Any:
        answer = call(self.integration, client, parameters, self.scope.context)
        result = result_of(self.integration, answer)
        if not self.integration.pattern:
            return result
        self.halt.check()
        self.scope.event(
            "TaskSubmitted",
            taskSubmittedEventDetails={
                **self._who(),
                "output": compact(result),
                "outputDetails": {"truncated": False},
            },
        )
        if self.integration.pattern == TOKEN:
            return self._wait_for_token(mailbox, heartbeat)
        return self._wait_for_job(client, parameters, answer)

    def _wait_for_job(self, client: Any, parameters: dict[str, Any], answer: dict[str, Any]) -> Any:
        job = JOBS[self.integration.resource_type, self.integration.action]
        pause = _POLL_SECONDS
        while True:
            description = job.describe(client, parameters, answer)
            description.pop("ResponseMetadata", None)
            status = job.status(description)
            if status in job.failed | job.succeeded:
                break
            self.halt.wait(pause)
            pause = min(pause * 2, _LONGEST_POLL_SECONDS)
        if self.integration.service == "stepfunctions":
            shape = service_model("stepfunctions").operation_model("DescribeExecution").output_shape
            description = result_of(self.integration, description, shape)
            if self.integration.pattern == SYNC_JSON:
                description = with_json(description)
        description = plain(description, epoch_milliseconds)
        if status in job.failed:
            raise StateError(TASK_FAILED, compact(description))
        return description

    def _wait_for_token(self, mailbox: Any, heartbeat: int | None) -> Any:
        self.halt.listen(lambda: mailbox.put(None))
        while True:
            try:
                message = mailbox.get(timeout=heartbeat)
            except queue.Empty:
                raise StateError(TIMEOUT, "", also=HEARTBEAT_TIMEOUT) from None
            self.halt.check()
            if message is None:
                continue
            if "output" in message:
                return json.loads(message["output"])
            raise StateError(message.get("error"), message.get("cause"))

    def _who(self) -> dict[str, str]:
        return {"resource": self.integration.resource, "resourceType": self.integration.resource_type}

    def _schedule(self, parameters: Any, timeout: int | None, heartbeat: int | None, role: str | None) -> None:
        limits = {"timeoutInSeconds": timeout, "heartbeatInSeconds": heartbeat}
        more: dict[str, Any] = {key: value for key, value in limits.items() if value is not None}
        if role:
            more["taskCredentials"] = {"roleArn": role}
        if self.integration.is_function:
            about = {
                "resource": self.integration.arn,
                "input": compact(parameters),
                "inputDetails": {"truncated": False},
            }
            self.scope.event("LambdaFunctionScheduled", lambdaFunctionScheduledEventDetails={**about, **more})
            self.scope.event("LambdaFunctionStarted")
        else:
            region = self.integration.region or self.scope.machine.region
            about = {**self._who(), "region": region, "parameters": compact(parameters)}
            self.scope.event("TaskScheduled", taskScheduledEventDetails={**about, **more})
            self.scope.event("TaskStarted", taskStartedEventDetails=self._who())
        self._started = True

    def _succeed(self, result: Any) -> None:
        output = {"output": compact(result), "outputDetails": {"truncated": False}}
        if self.integration.is_function:
            self.scope.event("LambdaFunctionSucceeded", lambdaFunctionSucceededEventDetails=output)
        else:
            self.scope.event("TaskSucceeded", taskSucceededEventDetails={**self._who(), **output})

    def report(self, error: StateError) -> None:
        """Add the event of a failure, unless the call has not begun or the state itself is to blame."""
        if not self._started or error.name == RUNTIME:
            return
        end = "TimedOut" if error.name == TIMEOUT else "Failed"
        prefix = "LambdaFunction" if self.integration.is_function else "Task"
        who = {} if self.integration.is_function else self._who()
        details: dict[str, Any] = {f"{prefix[0].lower()}{prefix[1:]}{end}EventDetails": {**who, **error.details}}
        self.scope.event(f"{prefix}{end}", **details)
