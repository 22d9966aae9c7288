"""The jobs that a state machine of the local cloud can wait for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Job:
    """A call that starts something, and how to learn how that ended.

    Parameters
    ----------
    describe: Callable[[Any, dict[str, Any], dict[str, Any]], dict[str, Any]]
        Asks the client for the state, given the starting call's parameters and answer.
    status: Callable[[dict[str, Any]], str]
        Reads the state from that.
    succeeded, failed: frozenset[str]
        States that are an end.
    """

    describe: Callable[[Any, dict[str, Any], dict[str, Any]], dict[str, Any]]
    status: Callable[[dict[str, Any]], str]
    succeeded: frozenset[str]
    failed: frozenset[str]


def _job_run(client: Any, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = client.get_job_run(JobName=request["JobName"], RunId=answer["JobRunId"])["JobRun"]
    return {**run, "JobName": request["JobName"]}


def _execution(client: Any, _: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = client.describe_execution(executionArn=answer["executionArn"])
    return described


def with_json(description: dict[str, Any]) -> dict[str, Any]:
    """Return the description of an execution with its input and output as JSON, which `.sync:2` gives."""
    texts: dict[str, Any] = {key: json.loads(description[key]) for key in ("Input", "Output") if key in description}
    return {**description, **texts}


JOBS = {
    ("athena", "startQueryExecution"): Job(
        describe=lambda client, _, answer: client.get_query_execution(QueryExecutionId=answer["QueryExecutionId"]),
        status=lambda description: str(description["QueryExecution"]["Status"]["State"]),
        succeeded=frozenset({"SUCCEEDED"}),
        failed=frozenset({"FAILED", "CANCELLED"}),
    ),
    ("glue", "startJobRun"): Job(
        describe=_job_run,
        status=lambda description: str(description["JobRunState"]),
        succeeded=frozenset({"SUCCEEDED", "STOPPED"}),
        failed=frozenset({"FAILED", "TIMEOUT", "ERROR", "EXPIRED"}),
    ),
    ("sagemaker", "createTrainingJob"): Job(
        describe=lambda client, request, _: client.describe_training_job(TrainingJobName=request["TrainingJobName"]),
        status=lambda description: str(description["TrainingJobStatus"]),
        succeeded=frozenset({"Completed"}),
        failed=frozenset({"Failed", "Stopped"}),
    ),
    ("states", "startExecution"): Job(
        describe=_execution,
        status=lambda description: str(description["status"]),
        succeeded=frozenset({"SUCCEEDED"}),
        failed=frozenset({"FAILED", "TIMED_OUT", "ABORTED"}),
    ),
}
