"""Permissions of VPC flow logs, and of services that attach what they run to a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import Stack
from constructs import Construct

from lake_blueprints.foundation.access import Permission


def write_flow_logs(log_group_arn: str) -> Permission:
    """Write to a log group that exists."""
    return Permission(
        actions=("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"),
        on=(log_group_arn,),
        because="writes flow logs",
        sources=("https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html",),
    )


def attach(
    scope: Construct,
    *,
    subnets: Sequence[str],
    security_group: str,
    manages: Sequence[str],
    describes: Sequence[str],
    source: str,
) -> Iterator[Permission]:
    """Put what a service runs under the role into a network; the service itself makes all calls.

    `manages` are its actions on the network interfaces beside their creation, `describes` those that look at a network,
    and `source` is the page of the service that says so.
    """
    because, stack = "runs in the network", Stack.of(scope)
    unnamed = "EC2 names network interfaces when it makes them"
    interfaces = stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
    parts = [stack.format_arn(service="ec2", resource="subnet", resource_name=subnet) for subnet in subnets]
    group = stack.format_arn(service="ec2", resource="security-group", resource_name=security_group)
    for actions, on in ((("ec2:CreateNetworkInterface",), (interfaces, *parts, group)), (manages, (interfaces,))):
        yield Permission(
            actions=tuple(actions), on=on, because=because, sources=(source,), wildcard=unnamed, by_service=True
        )
    yield Permission(
        actions=tuple(describes),
        because=because,
        sources=(source,),
        wildcard="IAM knows no resource for what describes a network",
        by_service=True,
    )
