"""Acknowledged findings of cdk-nag and Control Tower, with reasons."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import IConstruct


def of_topics(scope: IConstruct, *, subscribed: bool) -> None:
    """Acknowledge that a mail which fails is not kept, or that nobody is subscribed."""
    if not subscribed:
        reason = "nobody is called for this environment; -c alarm_email=ADDRESS subscribes"
        _acknowledge(scope, reason, "LAKE-EVENTS-016")
        return
    kept = "alarms and executions stay in CloudWatch; a queue of mails that failed would need a reader"
    _acknowledge(scope, kept, "Serverless-SNSRedrivePolicy")


def _acknowledge(scope: IConstruct, reason: str, *findings: str) -> None:
    cdk.Validations.of(scope).acknowledge(*(cdk.Acknowledgment(id=finding, reason=reason) for finding in findings))
