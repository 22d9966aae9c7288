"""Glue: jobs, crawlers, triggers and the catalog."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from lake_blueprints.rules.cron import cron_problem
from lake_blueprints.rules.rule import Fault, Severity, rule
from lake_blueprints.rules.template import Node, Resource
from lake_blueprints.rules.values import absent, at_least, between, matching, one_of, only_one, required

JOB = "AWS::Glue::Job"
TRIGGER = "AWS::Glue::Trigger"
CRAWLER = "AWS::Glue::Crawler"
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
_PROJECTIONS = {
    "enum": ("values",),
    "integer": ("range",),
    "date": ("range", "format"),
    "injected": (),
}


@rule(
    "LAKE-GLUE-001",
    JOB,
    "AWS::Glue::MLTransform",
    "AWS::Glue::Session",
    title="Capacity is either workers or DPUs",
    fix="remove MaxCapacity and set WorkerType and NumberOfWorkers",
    source=f"{_API}/API_CreateJob.html",
)
def capacity(job: Resource) -> Iterator[Fault]:
    """Glue refuses MaxCapacity beside WorkerType or NumberOfWorkers, and either of those alone."""
    worker, count, most = job.at("WorkerType"), job.at("NumberOfWorkers"), job.at("MaxCapacity")
    for name in (worker, count):
        if most.present and name.present:
            yield Fault(at=most, allowed=f"nothing beside {name.path.removeprefix('Properties.')}")
            break
    if worker.present != count.present:
        yield Fault(at=count if worker.present else worker, allowed="WorkerType and NumberOfWorkers together")
    yield from absent(job.at("AllocatedCapacity"), "any more: set WorkerType and NumberOfWorkers")


@rule(
    "LAKE-GLUE-002",
    JOB,
    "AWS::Glue::Session",
    title="Spark runs on a version of Glue that is supported",
    fix="set GlueVersion to 5.1, or to another supported one",
    source=f"{_GUIDE}/glue-version-support-policy.html",
)
def version(job: Resource) -> Iterator[Fault]:
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
def explicit_version(job: Resource) -> Iterator[Fault]:
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
def workers(job: Resource) -> Iterator[Fault]:
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
def python_shell(job: Resource) -> Iterator[Fault]:
    """Glue refuses other capacities and any workers for a job without Spark."""
    if _kind(job) == "pythonshell":
        most = job.at("MaxCapacity")
        if most.number is not None and most.number not in {0.0625, 1}:
            yield Fault(at=most, allowed="0.0625 or 1")
        yield from absent(job.at("WorkerType"), "for a Python shell")
        yield from absent(job.at("NumberOfWorkers"), "for a Python shell")


@rule(
    "LAKE-GLUE-006",
    JOB,
    title="The version of Python is one that the kind of job has",
    fix="set Command.PythonVersion to '3' for Spark and to '3.9' for a Python shell",
    source=f"{_API}/API_JobCommand.html",
)
def python_version(job: Resource) -> Iterator[Fault]:
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
def timeout(job: Resource) -> Iterator[Fault]:
    """Glue refuses timeouts of seven days or more."""
    least = 0 if _kind(job) == "gluestreaming" else 1
    yield from between(job.at("Timeout"), least, 10079, "minutes")
    yield from between(job.at("MaxRetries"), 0, 10)
    yield from at_least(job.at("ExecutionProperty.MaxConcurrentRuns"), 1)
    yield from at_least(job.at("NotificationProperty.NotifyDelayAfter"), 1, "minutes")


@rule(
    "LAKE-GLUE-008",
    JOB,
    title="Flexible execution is for Spark ETL on Glue 3.0 or later",
    fix="remove ExecutionClass or set it to STANDARD",
    source=f"{_API}/API_CreateJob.html",
)
def flexible(job: Resource) -> Iterator[Fault]:
    """Glue refuses FLEX for streaming, for Python shells and on older versions."""
    execution, kind, version = job.at("ExecutionClass"), _kind(job), job.at("GlueVersion").number
    if execution.text == "FLEX" and (kind not in {"glueetl", None} or (version is not None and version < 3)):
        yield Fault(at=execution, allowed="STANDARD for this job")


@rule(
    "LAKE-GLUE-009",
    JOB,
    title="Arguments of a job start with two dashes and leave Glue's own alone",
    fix="rename the argument; Glue sets --JOB_NAME, --debug and --mode itself",
    source=f"{_GUIDE}/aws-glue-programming-etl-glue-arguments.html",
)
def arguments(job: Resource) -> Iterator[Fault]:
    """Others never reach the script, or break it."""
    for group in ("DefaultArguments", "NonOverridableArguments"):
        for argument in job.at(group).children():
            name = argument.path.removeprefix(f"Properties.{group}.")
            if not name.startswith("--") or name in _RESERVED:
                yield Fault(at=argument, found=json.dumps(name), allowed="--names that Glue does not use itself")


@rule(
    "LAKE-GLUE-010",
    TRIGGER,
    CRAWLER,
    title="Schedules are cron expressions that Glue takes",
    fix="write six fields with one '?', for instance cron(15 2 * * ? *)",
    source=f"{_GUIDE}/monitor-data-warehouse-schedule.html",
)
def schedule(resource: Resource) -> Iterator[Fault]:
    """Glue refuses other expressions, rates, and runs more often than every five minutes."""
    node = resource.at("Schedule" if resource.kind == TRIGGER else "Schedule.ScheduleExpression")
    if not node.text:
        return
    problem = cron_problem(node.text)
    if problem:
        yield Fault(at=node, allowed=problem)
    elif re.match(r"cron\((\*|(\*|\d+)/[1-4]) ", node.text):
        yield Fault(at=node, allowed="every 5 minutes at most")


@rule(
    "LAKE-GLUE-011",
    TRIGGER,
    title="A trigger has what its type needs, and only that",
    fix="give Schedule to SCHEDULED, Predicate to CONDITIONAL, WorkflowName to EVENT, nothing to ON_DEMAND",
    source=f"{_API}/API_CreateTrigger.html",
)
def trigger_type(trigger: Resource) -> Iterator[Fault]:
    """Glue refuses triggers without their condition; StartOnCreation has no meaning for the others."""
    kind = trigger.at("Type").text
    needs = {"SCHEDULED": "Schedule", "CONDITIONAL": "Predicate", "EVENT": "WorkflowName"}.get(kind or "")
    if needs:
        yield from required(trigger.at(needs), f"a {needs} for type {kind}")
    if kind in {"ON_DEMAND", "CONDITIONAL", "EVENT"}:
        yield from absent(trigger.at("Schedule"), f"for type {kind}")
    if kind in {"ON_DEMAND", "EVENT"} and trigger.at("StartOnCreation").flag:
        yield Fault(at=trigger.at("StartOnCreation"), allowed=f"false for type {kind}")
    if trigger.at("Actions").value == []:
        yield Fault(at=trigger.at("Actions"), allowed="one action or more")


@rule(
    "LAKE-GLUE-012",
    TRIGGER,
    title="Conditions of a trigger are complete",
    fix="set LogicalOperator EQUALS with State or CrawlState, and Logical for several conditions",
    source="https://github.com/aws/aws-cdk/issues/13242",
)
def predicate(trigger: Resource) -> Iterator[Fault]:
    """Glue refuses a condition without its operator, even a single one, and a job that waits for itself."""
    conditions = trigger.at("Predicate.Conditions").items()
    started = {action.at("JobName").rendered for action in trigger.at("Actions").items()} - {""}
    if trigger.at("Predicate").known and trigger.at("Type").text == "CONDITIONAL" and not conditions:
        yield Fault(at=trigger.at("Predicate.Conditions"), allowed="one condition or more")
    if len(conditions) > 1:
        yield from required(trigger.at("Predicate.Logical"), "AND or ANY for several conditions")
    for condition in conditions:
        if not condition.known:
            continue
        operator = condition.at("LogicalOperator")
        yield from required(operator, "EQUALS")
        yield from one_of(operator, ["EQUALS"])
        state = condition.at("State" if condition.at("JobName").present else "CrawlState")
        yield from required(state, "the state that is waited for")
        if condition.at("JobName").rendered in started:
            yield Fault(at=condition.at("JobName"), allowed="a job that the trigger does not start")


@rule(
    "LAKE-GLUE-013",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    title="Names in the catalog are lower case",
    fix="use a-z, 0-9 and _",
    source="https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html",
)
def names(entry: Resource) -> Iterator[Fault]:
    """Glue folds names to lower case: references, permissions and drift detection then miss what they name."""
    for node in (entry.at("DatabaseInput.Name"), entry.at("TableInput.Name"), entry.at("DatabaseName")):
        target = entry.at("DatabaseInput.TargetDatabase").present or entry.at("TableInput.TargetTable").present
        pattern = r"[a-z0-9_-]{1,255}" if target else r"[a-z0-9_]{1,255}"
        yield from matching(node, pattern, "1 to 255 of a-z, 0-9 and _")


@rule(
    "LAKE-GLUE-014",
    CRAWLER,
    title="A crawler looks somewhere, and in a way that agrees with itself",
    fix="name a target; with CRAWL_NEW_FOLDERS_ONLY set both behaviours to LOG",
    source=f"{_GUIDE}/incremental-crawls.html",
)
def crawler(crawler: Resource) -> Iterator[Fault]:
    """Glue refuses a crawler without targets, and an incremental one that changes or deletes tables."""
    targets = crawler.at("Targets")
    if targets.known and not any(items for target in targets.children() if (items := target.items())):
        yield Fault(at=targets, allowed="one target or more")
    mode = crawler.at("RecrawlPolicy.RecrawlBehavior").text
    policy = crawler.at("SchemaChangePolicy")
    if mode == "CRAWL_NEW_FOLDERS_ONLY":
        for name in ("UpdateBehavior", "DeleteBehavior"):
            behaviour = policy.at(name)
            if behaviour.text != "LOG" and (behaviour.known or not behaviour.present):
                yield Fault(at=behaviour, allowed="LOG with CRAWL_NEW_FOLDERS_ONLY")
    if mode == "CRAWL_EVENT_MODE":
        for target in targets.at("S3Targets").items():
            yield from required(target.at("EventQueueArn"), "a queue with CRAWL_EVENT_MODE")
    configuration = crawler.at("Configuration").text
    if configuration and _json(configuration) is None:
        yield Fault(at=crawler.at("Configuration"), allowed="JSON with a Version")


@rule(
    "LAKE-GLUE-015",
    "AWS::Glue::SecurityConfiguration",
    "AWS::Glue::DataCatalogEncryptionSettings",
    title="Encryption with a key names the key",
    fix="set KmsKeyArn beside the mode, or the mode to DISABLED or SSE-S3",
    source=f"{_GUIDE}/encryption-security-configuration.html",
)
def encryption_key(settings: Resource) -> Iterator[Fault]:
    """Glue refuses a mode with a key that is not named."""
    for part in _everything(settings.properties):
        for mode in part.children():
            if re.search(r"Mode$", mode.path) and mode.text in {"SSE-KMS", "CSE-KMS"}:
                key = part.at("SseAwsKmsKeyId" if "Catalog" in mode.path else "KmsKeyArn")
                if "Catalog" not in mode.path:
                    yield from required(key, f"a key for {mode.text}")


@rule(
    "LAKE-GLUE-016",
    "AWS::Glue::Table",
    title="Partition projection says where each partition is",
    fix="set projection.<column>.type with its range or values for each partition key",
    source="https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html",
)
def projection(table: Resource) -> Iterator[Fault]:
    """Athena finds no rows, or fails on every query, when a partition key is not projected."""
    parameters = table.at("TableInput.Parameters")
    given = parameters.value if parameters.known and isinstance(parameters.value, dict) else {}
    if str(given.get("projection.enabled", "")).lower() != "true":
        return
    location = given.get("storage.location.template")
    for key in table.at("TableInput.PartitionKeys").items():
        name = key.at("Name").text
        if name is None:
            continue
        kind = str(given.get(f"projection.{name}.type", "nothing"))
        if kind not in _PROJECTIONS:
            allowed = f"projection.{name}.type of {', '.join(_PROJECTIONS)}"
            yield Fault(at=parameters, found=f"{json.dumps(kind)} for '{name}'", allowed=allowed)
            continue
        for setting in _PROJECTIONS[kind]:
            if f"projection.{name}.{setting}" not in given:
                yield Fault(at=parameters, found=f"no {setting} for '{name}'", allowed=f"projection.{name}.{setting}")
        if isinstance(location, str) and "${" + name + "}" not in location:
            yield Fault(at=parameters, found=json.dumps(location), allowed=f"a location template with ${{{name}}}")


@rule(
    "LAKE-GLUE-017",
    "AWS::Glue::Connection",
    title="A JDBC connection can log in",
    fix="set JDBC_CONNECTION_URL and SECRET_ID in ConnectionProperties",
    source=f"{_GUIDE}/connection-properties.html",
)
def connection(connection: Resource) -> Iterator[Fault]:
    """Glue refuses a JDBC connection without an address, and one that a job cannot log in to."""
    given = connection.at("ConnectionInput.ConnectionProperties")
    if connection.at("ConnectionInput.ConnectionType").text == "JDBC" and given.known:
        yield from required(given.at("JDBC_CONNECTION_URL"), "the database's address")
        if not any(given.at(name).present for name in ("SECRET_ID", "USERNAME")):
            authentication = connection.at("ConnectionInput.AuthenticationConfiguration")
            yield from required(authentication, "SECRET_ID or an AuthenticationConfiguration")


@rule(
    "LAKE-GLUE-018",
    "AWS::Glue::SchemaVersion",
    "AWS::Glue::Schema",
    title="A schema is written in its format",
    fix="correct the definition, which must be JSON for AVRO and JSON",
    source=f"{_API}/API_CreateSchema.html",
)
def schema(schema: Resource) -> Iterator[Fault]:
    """Glue refuses definitions that it cannot read."""
    definition = schema.at("SchemaDefinition")
    if definition.text and schema.at("DataFormat").text in {"AVRO", "JSON"} and _json(definition.text) is None:
        yield Fault(at=definition, allowed="valid JSON")


@rule(
    "LAKE-GLUE-019",
    "AWS::Glue::DataQualityRuleset",
    title="A ruleset has rules and names one table",
    fix="write Rules = [ ... ] and set TargetTable to a database and a table",
    source=f"{_GUIDE}/dqdl.html",
)
def ruleset(ruleset: Resource) -> Iterator[Fault]:
    """Glue refuses text that is not DQDL."""
    text = ruleset.at("Ruleset")
    if text.text is not None and not re.search(r"(Rules|Analyzers)\s*=\s*\[[\s\S]+\]", text.text):
        yield Fault(at=text, allowed="DQDL with Rules = [ ... ]")
    target = ruleset.at("TargetTable")
    if target.known:
        yield from required(target.at("DatabaseName"), "the table's database")
        yield from required(target.at("TableName"), "the table")


@rule(
    "LAKE-GLUE-020",
    "AWS::Glue::Table",
    title="A table says where its data is, once",
    fix="remove OpenTableFormatInput for other formats, or use MetadataOperation CREATE and Version 2",
    source=f"{_API}/API_IcebergInput.html",
)
def iceberg(table: Resource) -> Iterator[Fault]:
    """Glue refuses other operations; Firehose and most engines only write version 2."""
    iceberg = table.at("OpenTableFormatInput.IcebergInput")
    if iceberg.known:
        yield from one_of(iceberg.at("MetadataOperation"), ["CREATE"])
        yield from one_of(iceberg.at("Version"), ["2"])
    yield from only_one(table.at("TableInput.ViewDefinition"), table.at("OpenTableFormatInput"))


@rule(
    "LAKE-GLUE-021",
    JOB,
    CRAWLER,
    title="Scripts and crawled data are in S3",
    fix="write s3://bucket/key",
    source=f"{_API}/API_JobCommand.html",
)
def locations(resource: Resource) -> Iterator[Fault]:
    """Glue refuses other locations, or finds nothing there."""
    paths = [resource.at("Command.ScriptLocation")]
    paths += [target.at("Path") for target in resource.at("Targets.S3Targets").items()]
    for path in paths:
        if path.rendered and not path.rendered.startswith(("s3://", "${", "{{")):
            yield Fault(at=path, allowed="a location that starts with s3://")


@rule(
    "LAKE-GLUE-022",
    JOB,
    title="A job is of a kind that Glue has",
    fix="set Command.Name to glueetl, gluestreaming or pythonshell",
    source=f"{_API}/API_JobCommand.html",
)
def command(job: Resource) -> Iterator[Fault]:
    """Glue refuses other commands."""
    yield from one_of(job.at("Command.Name"), [*_SPARK, "pythonshell", "glueray"])


@rule(
    "LAKE-GLUE-023",
    "AWS::Glue::Table",
    title="A column is either in the data or in the path",
    fix="remove the partition key from the columns, and columns that are there twice",
    source="https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html",
)
def columns(table: Resource) -> Iterator[Fault]:
    """Athena fails on every query: HIVE_INVALID_METADATA, duplicate columns."""
    seen: set[str] = set()
    for group in ("StorageDescriptor.Columns", "PartitionKeys"):
        for column in table.at(f"TableInput.{group}").items():
            name = (column.at("Name").text or "").lower()
            if name and name in seen:
                yield Fault(at=column.at("Name"), allowed="a name that no other column has")
            seen.add(name)


@rule(
    "LAKE-GLUE-024",
    TRIGGER,
    CRAWLER,
    title="Batches of events and samples of files are within their limits",
    fix="set BatchSize to 1 to 100, BatchWindow to 1 to 900 and SampleSize to 1 to 249",
    source=f"{_API}/API_EventBatchingCondition.html",
)
def limits(resource: Resource) -> Iterator[Fault]:
    """Glue refuses others."""
    yield from between(resource.at("EventBatchingCondition.BatchSize"), 1, 100)
    yield from between(resource.at("EventBatchingCondition.BatchWindow"), 1, 900, "seconds")
    for target in resource.at("Targets.S3Targets").items():
        yield from between(target.at("SampleSize"), 1, 249)


def _kind(job: Resource) -> str | None:
    """Return the kind of a job: what its command is called; sessions are Spark."""
    return job.at("Command.Name").text if job.kind == JOB else "glueetl"


def _old_enough(job: Resource, worker: str) -> bool:
    version = job.at("GlueVersion").number
    return version is None or version >= _WORKERS[worker][0]


def _json(text: str) -> object | None:
    try:
        parsed: object = json.loads(text)
    except ValueError:
        return None
    return parsed


def _everything(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children():
        yield from _everything(child)
