"""The jobs that a state machine of the local cloud can wait for."""

from __future__ import annotations

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


_SAGEMAKER_ENDS = {"succeeded": frozenset({"Completed"}), "failed": frozenset({"Failed", "Stopped"})}

JOBS = {
    ("athena", "startQueryExecution"): Job(
        describe=lambda client, _, answer: client.get_query_execution(QueryExecutionId=answer["QueryExecutionId"]),
        status=lambda description: str(description["QueryExecution"]["Status"]["State"]),
        succeeded=frozenset({"SUCCEEDED"}),
        failed=frozenset({"FAILED", "CANCELLED"}),
    ),
    ("sagemaker", "createTrainingJob"): Job(
        describe=lambda client, request, _: client.describe_training_job(TrainingJobName=request["TrainingJobName"]),
        status=lambda description: str(description["TrainingJobStatus"]),
        **_SAGEMAKER_ENDS,
    ),
    ("sagemaker", "createProcessingJob"): Job(
        describe=lambda client, request, _: client.describe_processing_job(
            ProcessingJobName=request["ProcessingJobName"]
        ),
        status=lambda description: str(description["ProcessingJobStatus"]),
        **_SAGEMAKER_ENDS,
    ),
    ("sagemaker", "createTransformJob"): Job(
        describe=lambda client, request, _: client.describe_transform_job(TransformJobName=request["TransformJobName"]),
        status=lambda description: str(description["TransformJobStatus"]),
        **_SAGEMAKER_ENDS,
    ),
}
