"""The steps that a pipeline is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from aws_cdk import Duration, Stack

from lake_blueprints.access import ServiceRole, grant_on
from lake_blueprints.catalog import Crawler, Table
from lake_blueprints.etl import CurationJob
from lake_blueprints.orchestration.asl import DISCARD, Fragment, Poll, State, chain, check_name, retry, task
from lake_blueprints.query import Workgroup
from lake_blueprints.training import TrainingJob
from lake_blueprints.warehouse import Warehouse

# What is neither our fault nor lasting, as Step Functions names the services' errors:
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
_GLUE = (
    "Glue.ThrottlingException",
    "Glue.OperationTimeoutException",
    "Glue.InternalServiceException",
    "Glue.SdkClientException",
)
_ATHENA = ("Athena.TooManyRequestsException", "Athena.InternalServerException", "Athena.SdkClientException")
_SAGEMAKER = (
    "SageMaker.ThrottlingException",
    "SageMaker.AmazonSageMakerException",
    "SageMaker.SageMakerException",
    "SageMaker.SdkClientException",
)
_REDSHIFT = (
    "RedshiftData.ThrottlingException",
    "RedshiftData.ActiveStatementsExceededException",
    "RedshiftData.ActiveSessionsExceededException",
    "RedshiftData.ActiveWaitingRequestsExceededException",
    "RedshiftData.InternalServerException",
    "RedshiftData.SdkClientException",
)
_CALL = Duration.minutes(1)
# https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_BatchExecuteStatement.html
_MOST_STATEMENTS = 40


class Step(Protocol):
    """Something that a pipeline does."""

    def render(self, poll_interval: Duration) -> Fragment:
        """Return the states, polling once in an interval where Step Functions cannot wait by itself."""
        ...

    def grant(self, role: ServiceRole) -> None:
        """Give the state machine's role what the states need."""
        ...


@dataclass(frozen=True, kw_only=True)
class Crawl:
    """Run a crawler to its end; if it is already running, wait for that run and start another one.

    Parameters
    ----------
    crawler: Crawler
        What runs.
    timeout: Duration
        Time after which waiting ends and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Crawl` and the crawler's id.
    """

    crawler: Crawler
    timeout: Duration = field(default_factory=lambda: Duration.hours(2))
    name: str | None = None

    def render(self, poll_interval: Duration) -> Fragment:
        name = check_name(self.name or f"Crawl {self.crawler.node.id}")
        crawler = {"Name": self.crawler.crawler_name}
        start = task(
            name,
            "aws-sdk:glue:startCrawler",
            crawler,
            timeout=_CALL,
            retries=[retry(["Glue.CrawlerRunningException"], attempts=30), retry(_GLUE)],
            result={"count": {"value": 0}},
            result_path="$.poll",
        )
        last, ready = (
            "$.poll.answer.Crawler.LastCrawl",
            {"Variable": "$.poll.answer.Crawler.State", "StringEquals": "READY"},
        )
        succeeded = {"And": [ready, {"Variable": f"{last}.Status", "StringEquals": "SUCCEEDED"}]}
        poll = Poll(
            action="aws-sdk:glue:getCrawler",
            parameters=crawler,
            retries=[retry(_GLUE)],
            succeeded=succeeded,
            failures=[(ready, f"States.JsonToString({last})")],
        )
        return poll.fragment(name, start, interval=poll_interval, limit=self.timeout)

    def grant(self, role: ServiceRole) -> None:
        crawler = Stack.of(self.crawler).format_arn(
            service="glue", resource="crawler", resource_name=self.crawler.crawler_name
        )
        grant_on(None, role, ["glue:StartCrawler", "glue:GetCrawler"], [crawler])


@dataclass(frozen=True, kw_only=True)
class Curate:
    """Run a curation job to its end; if it is already running, try again later.

    Parameters
    ----------
    job: CurationJob
        What runs.
    timeout: Duration
        Time after which the run is stopped and the step fails. By default 2 hours.
    name: str, optional
        Name of the step. By default `Curate` and the job's id.
    """

    job: CurationJob
    timeout: Duration = field(default_factory=lambda: Duration.hours(2))
    name: str | None = None

    def render(self, poll_interval: Duration) -> Fragment:
        name = check_name(self.name or f"Curate {self.job.node.id}")
        busy = ["Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException"]
        states = task(
            name,
            "glue:startJobRun.sync",
            {"JobName": self.job.job_name},
            timeout=self.timeout,
            retries=[retry(busy, attempts=30), retry(_GLUE)],
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        actions = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
        grant_on(None, role, actions, [self.job.job_arn])


@dataclass(frozen=True, kw_only=True)
class Query:
    """Run one Athena statement to its end, for instance to maintain a table.

    Parameters
    ----------
    workgroup: Workgroup
        Where it runs.
    sql: str
        The statement.
    database: str
        Catalog database in which its tables are looked up.
    name: str
        Name of the step.
    reads, writes: sequence of Table
        The tables that it reads, and those that it adds data to.
    timeout: Duration
        Time after which the query is stopped and the step fails. By default 30 minutes, Athena's own limit.
    """

    workgroup: Workgroup
    sql: str
    database: str
    name: str
    reads: Sequence[Table] = ()
    writes: Sequence[Table] = ()
    timeout: Duration = field(default_factory=lambda: Duration.minutes(30))

    def render(self, poll_interval: Duration) -> Fragment:
        name = check_name(self.name)
        parameters = {
            "QueryString": self.sql,
            "WorkGroup": self.workgroup.workgroup_name,
            "QueryExecutionContext": {"Database": self.database},
        }
        states = task(
            name, "athena:startQueryExecution.sync", parameters, timeout=self.timeout, retries=[retry(_ATHENA)]
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.workgroup.grant_run_queries(role)
        role.explain_wildcards({".Arn>/results/*": "query results, whose names Athena makes up"})
        for tables, grant in ((self.reads, Table.grant_read), (self.writes, Table.grant_write)):
            for table in tables:
                grant(table, role)
                role.explain_wildcards({f".Arn>/{table.prefix}*": "objects of the table, whose names are not known"})


@dataclass(frozen=True, kw_only=True)
class Load:
    """Define tables in the warehouse and load them, each in a transaction of its own, one after the other.

    Parameters
    ----------
    warehouse: Warehouse
        Where to.
    tables: sequence of Table, optional
        What is loaded. By default all tables that were added to the warehouse.
    timeout: Duration
        Time after which waiting for one transaction ends and the step fails. By default 1 hour.
    name: str, optional
        Name of the step. By default `Load` and the warehouse's id.
    """

    warehouse: Warehouse
    tables: Sequence[Table] | None = None
    timeout: Duration = field(default_factory=lambda: Duration.hours(1))
    name: str | None = None

    def render(self, poll_interval: Duration) -> Fragment:
        name = check_name(self.name or f"Load {self.warehouse.node.id}")
        batches, each = f"{name} batches", f"{name} batch"
        start = task(
            each,
            "aws-sdk:redshiftdata:batchExecuteStatement",
            {**self.warehouse.connection, "Sqls.$": "$.sqls"},
            timeout=_CALL,
            retries=[retry(_REDSHIFT)],
            result={"id.$": "$.Id", "count": {"value": 0}},
            result_path="$.poll",
        )
        status = "$.poll.answer.Status"
        poll = Poll(
            action="aws-sdk:redshiftdata:describeStatement",
            parameters={"Id.$": "$.poll.id"},
            retries=[retry(_REDSHIFT)],
            succeeded={"Variable": status, "StringEquals": "FINISHED"},
            failures=[
                ({"Variable": status, "StringEquals": "FAILED"}, "$.poll.answer.Error"),
                ({"Variable": status, "StringEquals": "ABORTED"}, status),
            ],
        )
        one = poll.fragment(each, start, interval=poll_interval, limit=self.timeout)
        states: dict[str, State] = {
            batches: {
                "Type": "Pass",
                "Result": [{"sqls": batch} for batch in self._batches()],
                "ResultPath": "$.batches",
                "Next": name,
            },
            name: {
                "Type": "Map",
                "ItemsPath": "$.batches",
                "MaxConcurrency": 1,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **chain([one])},
                "ResultPath": DISCARD,
            },
        }
        return Fragment(start=batches, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.warehouse.grant_run_statements(role)
        role.explain_wildcards({"-??????": "Secrets Manager ends an ARN in six characters of its own"})

    def _batches(self) -> list[list[str]]:
        tables = self.warehouse.tables if self.tables is None else self.tables
        # Definitions one by one: a statement alone is not kept from what a transaction must not do.
        loads = [self.warehouse.load_statements(table) for table in tables]
        for table, statements in zip(tables, loads, strict=True):
            if len(statements) > _MOST_STATEMENTS:
                raise ValueError(
                    f"loading table '{table.table_name}' takes {len(statements)} statements; "
                    f"one call of the Redshift Data API takes at most {_MOST_STATEMENTS}"
                )
        return [*([statement] for statement in self.warehouse.setup_statements()), *loads]


@dataclass(frozen=True, kw_only=True)
class Train:
    """Run a training job to its end.

    Parameters
    ----------
    job: TrainingJob
        What runs, for at most as long as its compute says.
    name: str, optional
        Name of the step. By default `Train` and the job's id.
    """

    job: TrainingJob
    name: str | None = None

    def render(self, poll_interval: Duration) -> Fragment:
        name = check_name(self.name or f"Train {self.job.node.id}")
        states = task(
            name,
            "sagemaker:createTrainingJob.sync",
            self.job.create_training_job(),
            # Starting and stopping the instances is not part of the job's own limit.
            timeout=self.job.compute.time_limit.plus(Duration.minutes(30)),
            retries=[
                retry(["SageMaker.ResourceLimitExceededException", "SageMaker.ResourceLimitExceeded"]),
                retry(_SAGEMAKER),
            ],
            result={"name.$": "$.TrainingJobName", "model.$": "$.ModelArtifacts.S3ModelArtifacts"},
            result_path=_trained(self.job),
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.job.grant_run(role)
        role.explain_wildcards({":training-job/" + self.job.job_names: "each execution starts a job of its own"})


class Approval(StrEnum):
    """Whether a registered model may be deployed."""

    PENDING = "PendingManualApproval"
    APPROVED = "Approved"
    REJECTED = "Rejected"


@dataclass(frozen=True, kw_only=True)
class Register:
    """Register the model that `Train` of the same job made, earlier in the same sequence of steps.

    Parameters
    ----------
    job: TrainingJob
        Whose model.
    approval: Approval
        Whether the model may be deployed. By default somebody has to approve it.
    name: str, optional
        Name of the step. By default `Register` and the job's id.
    """

    job: TrainingJob
    approval: Approval = Approval.PENDING
    name: str | None = None

    def render(self, poll_interval: Duration) -> Fragment:
        name = check_name(self.name or f"Register {self.job.node.id}")
        trained = _trained(self.job)
        states = task(
            name,
            "aws-sdk:sagemaker:createModelPackage",
            self.job.create_model_package(model_data=f"{trained}.model", approval_status=self.approval.value),
            timeout=_CALL,
            retries=[retry(["SageMaker.ConflictException"]), retry(_SAGEMAKER)],
            result={"arn.$": "$.ModelPackageArn"},
            result_path=f"{trained}.package",
        )
        return Fragment(start=name, end=name, states=states)

    def grant(self, role: ServiceRole) -> None:
        self.job.grant_register(role)
        role.explain_wildcards(
            {
                f"{self.job.model_package_group_name}/*": "the versions of the group",
                f".Arn>/{self.job.output_prefix}*": "models, each in a folder of its job",
            }
        )


@dataclass(frozen=True, kw_only=True)
class Together:
    """Do several things at the same time, and go on when all have ended.

    Parameters
    ----------
    branches: sequence
        Each one a step, or a sequence of steps that follow each other.
    name: str
        Name of the step. By default `Together`; a pipeline that has several needs different ones.
    """

    branches: Sequence[Step | Sequence[Step]]
    name: str = "Together"

    @property
    def sequences(self) -> list[Sequence[Step]]:
        """The branches, each as a sequence."""
        return [branch if isinstance(branch, Sequence) else [branch] for branch in self.branches]

    def render(self, poll_interval: Duration) -> Fragment:
        name = check_name(self.name)
        if not self.branches or not all(self.sequences):
            raise ValueError(f"'{name}' needs at least one branch, and each branch at least one step")
        branches = [chain([step.render(poll_interval) for step in steps]) for steps in self.sequences]
        state = {"Type": "Parallel", "Branches": branches, "ResultPath": DISCARD}
        return Fragment(start=name, end=name, states={name: state})

    def grant(self, role: ServiceRole) -> None:
        for steps in self.sequences:
            for step in steps:
                step.grant(role)


def check_order(steps: Sequence[Step], trained: frozenset[TrainingJob] = frozenset()) -> None:
    """Refuse a registration without the training that it needs.

    What a branch of `Together` finds out is not known after it.
    """
    for step in steps:
        match step:
            case Train():
                trained |= {step.job}
            case Register() if step.job not in trained:
                raise ValueError(
                    f"'Register' of '{step.job.node.path}' needs 'Train' of the same job before it in its sequence"
                )
            case Together():
                for branch in step.sequences:
                    check_order(branch, trained)


def _trained(job: TrainingJob) -> str:
    """Return where the state machine keeps what is known of a trained model."""
    return f"$.trained.{job.node.addr}"
