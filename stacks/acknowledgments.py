"""Acknowledged findings of cdk-nag and Control Tower, with reasons."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import IConstruct

_COMPLIANCE = ("HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321")


def of_buckets(scope: IConstruct) -> None:
    """Acknowledge what is asked for every bucket."""
    replication = (
        "one Region holds the lake: objects are versioned and retained, and every table can be made again from what "
        "its producers keep; a copy elsewhere would double the cost of storage"
    )
    _acknowledge(scope, replication, *(f"{pack}-S3BucketReplicationEnabled" for pack in _COMPLIANCE))
    lock = (
        "retention is the contracts': records expire and quarantined ones are deleted when they are repaired, which "
        "a lock would forbid; versions protect from mistakes"
    )
    _acknowledge(scope, lock, "NIST.800.53.R4-S3BucketDefaultLockEnabled", "CT.S3.PR.9")


def of_topics(scope: IConstruct, *, subscribed: bool) -> None:
    """Acknowledge that a mail which fails is not kept, or that nobody is subscribed."""
    if not subscribed:
        reason = "nobody is called for this environment; -c alarm_email=ADDRESS subscribes"
        _acknowledge(scope, reason, "LAKE-EVENTS-016")
        return
    kept = "alarms and executions stay in CloudWatch; a queue of mails that failed would need a reader"
    _acknowledge(scope, kept, "Serverless-SNSRedrivePolicy")


def of_networks(scope: IConstruct) -> None:
    """Acknowledge what is asked for every VPC."""
    reason = (
        "nothing is in the default security group, and the subnets have no way out; closing it would take a custom "
        "resource with more permissions than it removes"
    )
    _acknowledge(scope, reason, *(f"{pack}-VPCDefaultSecurityGroupClosed" for pack in _COMPLIANCE))


def _acknowledge(scope: IConstruct, reason: str, *findings: str) -> None:
    cdk.Validations.of(scope).acknowledge(*(cdk.Acknowledgment(id=finding, reason=reason) for finding in findings))
