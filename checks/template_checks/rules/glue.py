"""Glue jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from template_checks.core.rule import Severity, Violation, rule
from template_checks.core.template import Resource
from template_checks.core.values import absent, at_least, one_of, required, within
from template_checks.limits import glue as limits

JOB = "AWS::Glue::Job"
_API = "https://docs.aws.amazon.com/glue/latest/webapi"
_GUIDE = "https://docs.aws.amazon.com/glue/latest/dg"
_VERSIONS = ("4.0", "5.0", "5.1", "6.0", "auto")
_SPARK = ("glueetl", "gluestreaming")
# The worker types, with the oldest version of Glue and the kinds of jobs that take them.
_WORKERS: dict[str, tuple[float, tuple[str, ...]]] = {
    "G.025X": (3, ("gluestreaming",)),
    "G.1X": (0, _SPARK),
    "G.2X": (0, _SPARK),
    "G.4X": (3, _SPARK),
    "G.8X": (3, _SPARK),
    **dict.fromkeys(("G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"), (4, _SPARK)),
}
_RESERVED = ("--debug", "--mode", "--JOB_NAME", "--endpoint", "--conf-internal")


@rule(
    "LAKE-GLUE-001",
    JOB,
    "AWS::Glue::MLTransform",
    "AWS::Glue::Session",
    title="Capacity is either workers or DPUs",
    fix="remove MaxCapacity and set WorkerType and NumberOfWorkers",
    source=f"{_API}/API_CreateJob.html",
)
def capacity(job: Resource) -> Iterator[Violation]:
    """Glue refuses MaxCapacity beside WorkerType or NumberOfWorkers, and either of those alone."""
    worker, count, most = job.at("WorkerType"), job.at("NumberOfWorkers"), job.at("MaxCapacity")
    for name in (worker, count):
        if most.present and name.present:
            yield Violation(at=most, allowed=f"nothing beside {name.path.removeprefix('Properties.')}")
            break
    if worker.present != count.present:
        yield Violation(at=count if worker.present else worker, allowed="WorkerType and NumberOfWorkers together")
    yield from absent(job.at("AllocatedCapacity"), "any more: set WorkerType and NumberOfWorkers")


@rule(
    "LAKE-GLUE-002",
    JOB,
    "AWS::Glue::Session",
    title="Spark runs on a version of Glue that is supported",
    fix="set GlueVersion to 5.1, or to another supported one",
    source=f"{_GUIDE}/glue-version-support-policy.html",
)
def version(job: Resource) -> Iterator[Violation]:
    """Jobs of versions 0.9 to 2.0 can no longer be created or run since April 2026; 3.0 is the next to go."""
    if _kind(job) in _SPARK:
        yield from one_of(job.at("GlueVersion"), _VERSIONS)


@rule(
    "LAKE-GLUE-003",
    JOB,
    title="A Spark job names its version of Glue",
    fix="set GlueVersion, for instance to 5.1",
    source=f"{_GUIDE}/release-notes.html",
    severity=Severity.WARNING,
)
def explicit_version(job: Resource) -> Iterator[Violation]:
    """Without one the newest is taken: 6.0 brings Spark 4 and Python 3.13, on which older scripts fail."""
    if _kind(job) in _SPARK:
        yield from required(job.at("GlueVersion"), f"one of {', '.join(_VERSIONS)}")


@rule(
    "LAKE-GLUE-004",
    JOB,
    title="Workers fit the kind of job and its version",
    fix="choose a worker type of the job's kind, for instance G.1X, or a newer GlueVersion",
    source=f"{_GUIDE}/worker-types.html",
)
def workers(job: Resource) -> Iterator[Violation]:
    """Glue refuses worker types that a version or kind of job does not have, and Spark with fewer than two."""
    kind, worker = _kind(job), job.at("WorkerType")
    if kind not in _SPARK:
        return
    fitting = [name for name, (_, kinds) in _WORKERS.items() if kind in kinds and _old_enough(job, name)]
    yield from one_of(worker, fitting)
    yield from at_least(job.at("NumberOfWorkers"), 2, "workers")
    if worker.text == "G.025X":
        yield from at_least(job.at("NumberOfWorkers"), 2)


@rule(
    "LAKE-GLUE-005",
    JOB,
    title="A Python shell has a sixteenth of a DPU or one",
    fix="set MaxCapacity to 0.0625 or 1 and remove WorkerType and NumberOfWorkers",
    source=f"{_GUIDE}/add-job-python.html",
)
def python_shell(job: Resource) -> Iterator[Violation]:
    """Glue refuses other capacities and any workers for a job without Spark."""
    if _kind(job) == "pythonshell":
        most = job.at("MaxCapacity")
        if most.number is not None and most.number not in {0.0625, 1}:
            yield Violation(at=most, allowed="0.0625 or 1")
        yield from absent(job.at("WorkerType"), "for a Python shell")
        yield from absent(job.at("NumberOfWorkers"), "for a Python shell")


@rule(
    "LAKE-GLUE-006",
    JOB,
    title="The version of Python is one that the kind of job has",
    fix="set Command.PythonVersion to '3' for Spark and to '3.9' for a Python shell",
    source=f"{_API}/API_JobCommand.html",
)
def python_version(job: Resource) -> Iterator[Violation]:
    """Glue takes '3' for Spark, whatever the version of Python is in the end, and '3.9' for shells."""
    allowed = {"pythonshell": ("3.9",), "glueetl": ("3",), "gluestreaming": ("3",)}.get(_kind(job) or "", ())
    if allowed:
        yield from one_of(job.at("Command.PythonVersion"), allowed)


@rule(
    "LAKE-GLUE-007",
    JOB,
    title="A job ends within a week",
    fix="set Timeout to 10079 minutes or less, MaxRetries to 10 or less",
    source=f"{_API}/API_CreateJob.html",
)
def timeout(job: Resource) -> Iterator[Violation]:
    """Glue refuses timeouts of seven days or more."""
    yield from within(job.at("Timeout"), limits.JOB_TIMEOUT)
    yield from within(job.at("MaxRetries"), limits.JOB_RETRIES)
    yield from at_least(job.at("ExecutionProperty.MaxConcurrentRuns"), 1)
    yield from at_least(job.at("NotificationProperty.NotifyDelayAfter"), 1, "minutes")


@rule(
    "LAKE-GLUE-008",
    JOB,
    title="Flexible execution is for Spark ETL on Glue 3.0 or later",
    fix="remove ExecutionClass or set it to STANDARD",
    source=f"{_API}/API_CreateJob.html",
)
def flexible(job: Resource) -> Iterator[Violation]:
    """Glue refuses FLEX for streaming, for Python shells and on older versions."""
    execution, kind, version = job.at("ExecutionClass"), _kind(job), job.at("GlueVersion").number
    if execution.text == "FLEX" and (kind not in {"glueetl", None} or (version is not None and version < 3)):
        yield Violation(at=execution, allowed="STANDARD for this job")


@rule(
    "LAKE-GLUE-009",
    JOB,
    title="Arguments of a job start with two dashes and leave Glue's own alone",
    fix="rename the argument; Glue sets --JOB_NAME, --debug and --mode itself",
    source=f"{_GUIDE}/aws-glue-programming-etl-glue-arguments.html",
)
def arguments(job: Resource) -> Iterator[Violation]:
    """Others never reach the script, or break it."""
    for group in ("DefaultArguments", "NonOverridableArguments"):
        for argument in job.at(group).children():
            name = argument.path.removeprefix(f"Properties.{group}.")
            if not name.startswith("--") or name in _RESERVED:
                yield Violation(at=argument, found=json.dumps(name), allowed="--names that Glue does not use itself")


@rule(
    "LAKE-GLUE-022",
    JOB,
    title="A job is of a kind that Glue has",
    fix="set Command.Name to glueetl, gluestreaming or pythonshell",
    source=f"{_API}/API_JobCommand.html",
)
def command(job: Resource) -> Iterator[Violation]:
    """Glue refuses other commands."""
    yield from one_of(job.at("Command.Name"), [*_SPARK, "pythonshell", "glueray"])


def _kind(job: Resource) -> str | None:
    """Return the kind of a job: what its command is called; sessions are Spark."""
    return job.at("Command.Name").text if job.kind == JOB else "glueetl"


def _old_enough(job: Resource, worker: str) -> bool:
    version = job.at("GlueVersion").number
    return version is None or version >= _WORKERS[worker][0]
