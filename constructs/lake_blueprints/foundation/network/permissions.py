"""Permissions of VPC flow logs."""

from __future__ import annotations

from lake_blueprints.foundation.access import Permission


def write_flow_logs(log_group_arn: str) -> Permission:
    """Write to a log group that exists."""
    return Permission(
        actions=("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"),
        on=(log_group_arn,),
        because="writes flow logs",
        sources=("https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html",),
    )
