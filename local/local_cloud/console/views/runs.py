"""Runs of Glue jobs, state machines, queries and trainings, with their logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from local_cloud.console.pages import elapsed
from local_cloud.console.request import Request

_RUNS = 100
_OF_EACH = 50
_LINES = 400
_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of any service; the files of its log are named by `id`, if it has one, else `link` is where it is shown."""

    kind: str
    name: str
    status: str
    started: datetime
    ended: datetime | None
    error: str = ""
    id: str = ""
    link: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        return elapsed(self.started, self.ended)

    @property
    def target(self) -> Mapping[str, str]:
        return self.link or {"view": "runs", "run": self.id}


def show(request: Request) -> dict[str, Any]:
    """Return the newest runs, the log of the chosen one, and the log groups with the events of the chosen one."""
    runs = sorted(_runs(request), key=lambda run: run.started.timestamp(), reverse=True)[:_RUNS]
    chosen = next((run for run in runs if run.id and run.id == request.get("run")), None)
    groups = [group["logGroupName"] for group in request.all("logs", "describe_log_groups", "logGroups")]
    group = request.get("group") if request.get("group") in groups else ""
    return {
        "runs": runs,
        "chosen": chosen,
        "logs": _files(request.runtime.workdir / "logs", chosen.id) if chosen else [],
        "groups": groups,
        "group": group,
        "events": _events(request, group) if group else [],
    }


def _runs(request: Request) -> Iterator[Run]:
    for job in request.all("glue", "get_jobs", "Jobs"):
        for run in request.all("glue", "get_job_runs", "JobRuns", most=_OF_EACH, JobName=job["Name"]):
            yield Run(
                kind="Glue job",
                name=job["Name"],
                id=run["Id"],
                status=run["JobRunState"],
                started=run["StartedOn"],
                ended=run.get("CompletedOn"),
                error=run.get("ErrorMessage", ""),
            )
    for machine in request.all("stepfunctions", "list_state_machines", "stateMachines"):
        if machine["type"] == "EXPRESS":
            continue
        arn = machine["stateMachineArn"]
        for run in request.all("stepfunctions", "list_executions", "executions", most=_OF_EACH, stateMachineArn=arn):
            yield Run(
                kind="State machine",
                name=machine["name"],
                status=run["status"],
                started=run["startDate"],
                ended=run.get("stopDate"),
                link={"view": "machines", "machine": arn, "execution": run["executionArn"]},
            )
    athena = request.client("athena")
    for query in request.all("athena", "list_query_executions", "QueryExecutionIds", most=_OF_EACH):
        found = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        yield Run(
            kind="Query",
            name=" ".join(found["Query"].split()),
            status=found["Status"]["State"],
            started=found["Status"]["SubmissionDateTime"],
            ended=found["Status"].get("CompletionDateTime"),
            error=found["Status"].get("StateChangeReason", ""),
            link={"view": "tables", "query": query},
        )
    for training in request.all("sagemaker", "list_training_jobs", "TrainingJobSummaries", most=_OF_EACH):
        yield Run(
            kind="Training",
            name=training["TrainingJobName"],
            id=training["TrainingJobName"],
            status=training["TrainingJobStatus"],
            started=training["CreationTime"],
            ended=training.get("TrainingEndTime"),
        )


def _files(folder: Path, identity: str) -> list[tuple[str, str]]:
    """Return the path and the end of each log of a run: also of one that still runs, unlike CloudWatch."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.stem == identity)
    return [(str(path), "\n".join(_end(path).splitlines()[-_LINES:])) for path in found]


def _end(path: Path) -> str:
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - _BYTES))
        return log.read().decode(errors="replace")


def _events(request: Request, group: str) -> list[dict[str, Any]]:
    events = request.all("logs", "filter_log_events", "events", most=10_000, logGroupName=group)
    return events[-_LINES:]
