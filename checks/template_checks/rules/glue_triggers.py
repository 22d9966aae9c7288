"""Glue triggers and crawlers."""

from __future__ import annotations

from collections.abc import Iterator

from template_checks.core.rule import Violation, rule
from template_checks.core.schedules import glue_schedule_problem
from template_checks.core.template import Resource
from template_checks.core.values import absent, between, one_of, parsed, required

JOB = "AWS::Glue::Job"
TRIGGER = "AWS::Glue::Trigger"
CRAWLER = "AWS::Glue::Crawler"
_API = "https://docs.aws.amazon.com/glue/latest/webapi"
_GUIDE = "https://docs.aws.amazon.com/glue/latest/dg"


@rule(
    "LAKE-GLUE-010",
    TRIGGER,
    CRAWLER,
    title="Schedules are cron expressions that Glue takes",
    fix="write six fields with one '?', for instance cron(15 2 * * ? *)",
    source=f"{_GUIDE}/monitor-data-warehouse-schedule.html",
)
def schedule(resource: Resource) -> Iterator[Violation]:
    """Glue refuses other expressions, rates, and runs more often than every five minutes."""
    node = resource.at("Schedule" if resource.kind == TRIGGER else "Schedule.ScheduleExpression")
    if not node.text:
        return
    if problem := glue_schedule_problem(node.text):
        yield Violation(at=node, allowed=problem)


@rule(
    "LAKE-GLUE-011",
    TRIGGER,
    title="A trigger has what its type needs, and only that",
    fix="give Schedule to SCHEDULED, Predicate to CONDITIONAL, WorkflowName to EVENT, nothing to ON_DEMAND",
    source=f"{_API}/API_CreateTrigger.html",
)
def trigger_type(trigger: Resource) -> Iterator[Violation]:
    """Glue refuses triggers without their condition; StartOnCreation has no meaning for the others."""
    kind = trigger.at("Type").text
    needs = {"SCHEDULED": "Schedule", "CONDITIONAL": "Predicate", "EVENT": "WorkflowName"}.get(kind or "")
    if needs:
        yield from required(trigger.at(needs), f"a {needs} for type {kind}")
    if kind in {"ON_DEMAND", "CONDITIONAL", "EVENT"}:
        yield from absent(trigger.at("Schedule"), f"for type {kind}")
    if kind in {"ON_DEMAND", "EVENT"} and trigger.at("StartOnCreation").flag:
        yield Violation(at=trigger.at("StartOnCreation"), allowed=f"false for type {kind}")
    if trigger.at("Actions").value == []:
        yield Violation(at=trigger.at("Actions"), allowed="one action or more")


@rule(
    "LAKE-GLUE-012",
    TRIGGER,
    title="Conditions of a trigger are complete",
    fix="set LogicalOperator EQUALS with State or CrawlState, and Logical for several conditions",
    source="https://github.com/aws/aws-cdk/issues/13242",
)
def predicate(trigger: Resource) -> Iterator[Violation]:
    """Glue refuses a condition without its operator, even a single one, and a job that waits for itself."""
    conditions = trigger.at("Predicate.Conditions").items()
    started = {action.at("JobName").rendered for action in trigger.at("Actions").items()} - {""}
    if trigger.at("Predicate").known and trigger.at("Type").text == "CONDITIONAL" and not conditions:
        yield Violation(at=trigger.at("Predicate.Conditions"), allowed="one condition or more")
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
            yield Violation(at=condition.at("JobName"), allowed="a job that the trigger does not start")


@rule(
    "LAKE-GLUE-014",
    CRAWLER,
    title="A crawler looks somewhere, and in a way that agrees with itself",
    fix="name a target; with CRAWL_NEW_FOLDERS_ONLY set both behaviours to LOG",
    source=f"{_GUIDE}/incremental-crawls.html",
)
def crawler(crawler: Resource) -> Iterator[Violation]:
    """Glue refuses a crawler without targets, and an incremental one that changes or deletes tables."""
    targets = crawler.at("Targets")
    if targets.known and not any(items for target in targets.children() if (items := target.items())):
        yield Violation(at=targets, allowed="one target or more")
    mode = crawler.at("RecrawlPolicy.RecrawlBehavior").text
    policy = crawler.at("SchemaChangePolicy")
    if mode == "CRAWL_NEW_FOLDERS_ONLY":
        for name in ("UpdateBehavior", "DeleteBehavior"):
            behaviour = policy.at(name)
            if behaviour.text != "LOG" and (behaviour.known or not behaviour.present):
                yield Violation(at=behaviour, allowed="LOG with CRAWL_NEW_FOLDERS_ONLY")
    if mode == "CRAWL_EVENT_MODE":
        for target in targets.at("S3Targets").items():
            yield from required(target.at("EventQueueArn"), "a queue with CRAWL_EVENT_MODE")
    configuration = crawler.at("Configuration").text
    if configuration and parsed(configuration) is None:
        yield Violation(at=crawler.at("Configuration"), allowed="JSON with a Version")


@rule(
    "LAKE-GLUE-021",
    JOB,
    CRAWLER,
    title="Scripts and crawled data are in S3",
    fix="write s3://bucket/key",
    source=f"{_API}/API_JobCommand.html",
)
def locations(resource: Resource) -> Iterator[Violation]:
    """Glue refuses other locations, or finds nothing there."""
    paths = [resource.at("Command.ScriptLocation")]
    paths += [target.at("Path") for target in resource.at("Targets.S3Targets").items()]
    for path in paths:
        if path.rendered and not path.rendered.startswith(("s3://", "${", "{{")):
            yield Violation(at=path, allowed="a location that starts with s3://")


@rule(
    "LAKE-GLUE-024",
    TRIGGER,
    CRAWLER,
    title="Batches of events and samples of files are within their limits",
    fix="set BatchSize to 1 to 100, BatchWindow to 1 to 900 and SampleSize to 1 to 249",
    source=f"{_API}/API_EventBatchingCondition.html",
)
def limits(resource: Resource) -> Iterator[Violation]:
    """Glue refuses others."""
    yield from between(resource.at("EventBatchingCondition.BatchSize"), 1, 100)
    yield from between(resource.at("EventBatchingCondition.BatchWindow"), 1, 900, "seconds")
    for target in resource.at("Targets.S3Targets").items():
        yield from between(target.at("SampleSize"), 1, 249)
