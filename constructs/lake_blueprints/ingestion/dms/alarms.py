"""Alarms on a replication that falls behind, and the report of one that has failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jsii
from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk.interfaces.aws_events import IRuleRef
from constructs import Construct

from lake_blueprints.foundation.access import admit, arn_of
from lake_blueprints.foundation.alarms import AlarmSpec
from lake_blueprints.ingestion.dms import permissions


def latency_alarms(dimensions: Mapping[str, str], latency: Duration) -> Iterator[AlarmSpec]:
    """Yield the alarms on changes that are read or written late.

    Notes
    -----
    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Monitoring.html
    """
    for end, what in (("Source", "read from the source"), ("Target", "written to the zone")):
        yield AlarmSpec(
            id=f"Late{end}",
            namespace="AWS/DMS",
            metric=f"CDCLatency{end}",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=latency.to_seconds(),
            description=f"Changes are {what} too late",
        )


def report_failure(scope: Construct, topic: sns.ITopic, *, serverless: bool, arn: str) -> events.Rule:
    """Define the rule that publishes when the replication has failed, be it for one table.

    DMS has no metric of failed tables, and what has stopped sends no latency: only its event says so.

    Notes
    -----
    https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-dms.html
    """
    kind, failed = (
        ("DMS Replication State Change", "REPLICATION_FAILED")
        if serverless
        else ("DMS Replication Task State Change", "REPLICATION_TASK_FAILED")
    )
    rule = events.Rule(
        scope,
        "Failed",
        description=f"The replication {scope.node.path} has failed",
        event_pattern=events.EventPattern(
            source=["aws.dms"], detail_type=[kind], resources=[arn], detail={"eventType": [failed]}
        ),
        targets=[_Topic(topic)],
    )
    admit(
        topic,
        f"Failed{scope.node.addr[-8:]}",
        permissions.EVENTBRIDGE,
        permissions.publish_failures(topic.topic_arn, rule.rule_arn),
    )
    if topic.master_key:
        admit(
            topic.master_key,
            "ReplicationFailures",
            permissions.EVENTBRIDGE,
            permissions.use_topic_key(arn_of(topic.master_key)),
        )
    return rule


@jsii.implements(events.IRuleTarget)
class _Topic:
    """A topic as a target; that of the CDK admits EventBridge without a condition."""

    def __init__(self, topic: sns.ITopic) -> None:
        self._topic = topic

    def bind(self, rule: IRuleRef, id: str | None = None) -> events.RuleTargetConfig:
        return events.RuleTargetConfig(arn=self._topic.topic_arn)
