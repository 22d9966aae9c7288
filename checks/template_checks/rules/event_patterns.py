"""Patterns of EventBridge: fields, operators, and the events that AWS's services publish."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from template_checks.core.event_patterns import pattern_problem
from template_checks.core.intrinsics import is_function
from template_checks.core.rule import Violation, rule
from template_checks.core.senders import is_same
from template_checks.core.template import Node, Resource

RULE: Final = "AWS::Events::Rule"
_GUIDE: Final = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
_ENVELOPE: Final = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "$or")
# https://docs.aws.amazon.com/eventbridge/latest/ref/events.html
_DETAIL_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "aws.athena": ("Athena Query State Change",),
    "aws.batch": ("Batch Job State Change", "Batch Job Queue Blocked"),
    "aws.cloudwatch": ("CloudWatch Alarm State Change", "CloudWatch Alarm Configuration Change"),
    "aws.codebuild": ("CodeBuild Build State Change", "CodeBuild Build Phase Change"),
    "aws.databrew": ("DataBrew Job State Change",),
    "aws.dms": ("DMS Replication Task State Change", "DMS Replication Instance State Change"),
    "aws.ecs": (
        *("ECS Task State Change", "ECS Container Instance State Change"),
        *("ECS Service Action", "ECS Deployment State Change"),
    ),
    "aws.emr": (
        *("EMR Cluster State Change", "EMR Step Status Change", "EMR Configuration Error"),
        *("EMR Instance Group State Change", "EMR Instance Fleet State Change", "EMR Auto Scaling Policy State Change"),
    ),
    "aws.emr-serverless": ("EMR Serverless Job Run State Change", "EMR Serverless Application State Change"),
    "aws.glue": (
        *("Glue Job State Change", "Glue Job Run Status", "Glue Crawler State Change"),
        *("Glue Data Catalog Database State Change", "Glue Data Catalog Table State Change"),
        "Data Quality Evaluation Results Available",
    ),
    "aws.health": ("AWS Health Event",),
    "aws.kms": ("KMS CMK Rotation", "KMS Imported Key Material Expiration", "KMS CMK Deletion"),
    "aws.redshift-data": ("Redshift Data Statement Status Change",),
    "aws.s3": (
        *("Object Created", "Object Deleted", "Object Restore Initiated", "Object Restore Completed"),
        *("Object Restore Expired", "Object Storage Class Changed", "Object Access Tier Changed"),
        *("Object ACL Updated", "Object Tags Added", "Object Tags Deleted"),
    ),
    "aws.sagemaker": (
        *("SageMaker Training Job State Change", "SageMaker Processing Job State Change"),
        *("SageMaker Transform Job State Change", "SageMaker HyperParameter Tuning Job State Change"),
        *("SageMaker Endpoint State Change", "SageMaker Endpoint Config State Change", "SageMaker Model State Change"),
        *("SageMaker Model Package State Change", "SageMaker Feature Group State Change"),
        *("SageMaker Image State Change", "SageMaker Image Version State Change"),
        "SageMaker Model Building Pipeline Execution Status Change",
        "SageMaker Model Building Pipeline Execution Step Status Change",
    ),
    "aws.states": ("Step Functions Execution Status Change",),
}
_OF_ANY: Final = ("AWS API Call via CloudTrail", "AWS Service Event via CloudTrail", "Scheduled Event")
# What services are called elsewhere, and here.
_OTHER_NAMES: Final = {
    "aws.eventbridge": "aws.events",
    "aws.emrserverless": "aws.emr-serverless",
    "aws.redshiftdata": "aws.redshift-data",
    "aws.sfn": "aws.states",
    "aws.stepfunctions": "aws.states",
    "aws.step-functions": "aws.states",
}
_STATES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "Athena Query State Change": ("currentState", ("QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")),
    "Batch Job State Change": (
        "status",
        ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"),
    ),
    "CloudWatch Alarm State Change": ("state.value", ("OK", "ALARM", "INSUFFICIENT_DATA")),
    "Glue Crawler State Change": ("state", ("Started", "Succeeded", "Failed")),
    "Glue Job State Change": ("state", ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED")),
    "Glue Job Run Status": ("state", ("STARTING", "RUNNING", "STOPPING")),
    "Step Functions Execution Status Change": (
        "status",
        ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"),
    ),
}


@rule(
    "LAKE-EVENTS-017",
    RULE,
    title="A pattern matches by the fields and operators that EventBridge has",
    fix="use the fields of the envelope at the top, and operators such as prefix, exists, anything-but and numeric",
    source=f"{_GUIDE}/eb-create-pattern-operators.html",
)
def operators(resource: Resource) -> Iterator[Violation]:
    """EventBridge refuses other operators; a field that no event has never matches."""
    node = resource.at("EventPattern")
    if not isinstance(node.value, dict) or not node.known or not node.value:
        return
    for child in node.children():
        name = child.path.removeprefix(f"{node.path}.")
        if name not in _ENVELOPE:
            yield Violation(at=child, found=f'the field "{name}"', allowed=", ".join(_ENVELOPE[:-1]))
        elif isinstance(child.value, dict | list) and child.known and not _has_single_values(child):
            problem = pattern_problem(child.value, name)
            yield from [Violation(at=child, allowed=problem)] if problem else []


@rule(
    "LAKE-EVENTS-018",
    RULE,
    title="A rule waits for events that its source publishes",
    fix="write source, detail-type and states as the service's list of events has them",
    source="https://docs.aws.amazon.com/eventbridge/latest/ref/events.html",
)
def published(resource: Resource) -> Iterator[Violation]:
    """The rule never matches, and nothing reports it."""
    pattern = resource.at("EventPattern")
    sources, kinds = pattern.at("source").items(), pattern.at("detail-type").items()
    for source in sources:
        if meant := _OTHER_NAMES.get(source.text or ""):
            yield Violation(at=source, allowed=meant)
    if len(sources) != 1 or sources[0].text is None:
        return
    of_source = _DETAIL_TYPES.get(sources[0].text, ())
    elsewhere = {one for types in _DETAIL_TYPES.values() for one in types} - set(of_source)
    for kind in kinds if of_source else []:
        text = kind.text
        if text is None or text in of_source or text in _OF_ANY:
            continue
        # Services publish new types: only those of others and those that look misspelt are refused.
        near = get_close_matches(text, of_source, n=1, cutoff=0.75)
        if text in elsewhere or near:
            yield Violation(at=kind, allowed=near[0] if near else f"an event of {sources[0].text}")
    if len(kinds) == 1 and (known := _STATES.get(kinds[0].text or "")):
        field, states = known
        for state in pattern.at(f"detail.{field}").items():
            if state.text is not None and state.text not in states:
                yield Violation(at=state, allowed=", ".join(states))


@rule(
    "LAKE-EVENTS-019",
    RULE,
    title="A bucket whose events are waited for sends them to EventBridge",
    fix="set NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled of the bucket to true",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html",
)
def bucket_events(resource: Resource) -> Iterator[Violation]:
    """S3 sends EventBridge nothing by default: the rule never matches."""
    pattern = resource.at("EventPattern")
    kinds = [one.text for one in pattern.at("detail-type").items()]
    if "aws.s3" not in [one.text for one in pattern.at("source").items()] or set(kinds) & set(_OF_ANY):
        return
    for name in pattern.at("detail.bucket.name").items():
        bucket = name.target
        if bucket is not None and bucket.kind == "AWS::S3::Bucket" and not _sends_events(bucket):
            found = f"{bucket.logical_id}, which sends no events to EventBridge"
            yield Violation(at=name, found=found, allowed="a bucket with EventBridgeEnabled")


def _sends_events(bucket: Resource) -> bool:
    configuration = bucket.at("NotificationConfiguration.EventBridgeConfiguration")
    notifications = bucket.at("NotificationConfiguration")
    if configuration.present or (notifications.present and not notifications.known):
        return configuration.at("EventBridgeEnabled").flag is not False
    # The CDK, among others, sets the notifications of a bucket by a resource of its own.
    return any(
        one.kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))
        and any(is_same(child.target, bucket) for child in one.properties.children())
        for one in bucket.template.everywhere
    )


def _has_single_values(node: Node) -> bool:
    """Whether another rule speaks of the pattern: values that are in no list."""
    return any(
        _has_single_values(child) if isinstance(child.value, dict) else isinstance(child.value, str | int | float)
        for child in node.children()
        if isinstance(node.value, dict) and not is_function(child.value)
    )
