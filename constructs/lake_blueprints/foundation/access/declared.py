"""Calls of AWS services at run time, and calls they must be refused, as plain data.

Each capability declares it in a module `calls.py` beside its constructs, from the AWS documentation. No construct
imports these modules, so that they cost nothing at synth. Tests hold them against the synthesised policies: each
required call is allowed, each refused one is not, and nothing is allowed that no call needs. docs/permissions.md is
made of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam


@dataclass(frozen=True, kw_only=True)
class Call:
    """Calls that are made for one reason: each action, on each resource, in each context.

    Parameters
    ----------
    actions: tuple of str
        What IAM calls them: `s3:GetObject`.
    resources: tuple of str
        ARNs, of objects that are examples of those meant. By default `*`, for what IAM knows no resource.
    because: str
        What for.
    source: str
        Page that says so.
    contexts: tuple of mapping
        What the request tells beyond that, by condition key. By default nothing.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    because: str
    source: str
    contexts: tuple[Mapping[str, str], ...] = ({},)


@dataclass(frozen=True, kw_only=True)
class Declared:
    """All that happens under one role, or that a service does under its own name.

    Parameters
    ----------
    name: str
        Who it is, for readers.
    principal: iam.IRole or str
        The role, or the name of the service.
    assumed_by: tuple of str
        The services that assume the role. By default none.
    required: tuple of Call
        What it does.
    refused: tuple of Call
        What it must not do.
    """

    name: str
    principal: iam.IRole | str
    assumed_by: tuple[str, ...] = ()
    required: tuple[Call, ...]
    refused: tuple[Call, ...] = ()


def calls_on_logs(groups: tuple[str, ...], on_group: tuple[str, ...], because: str, source: str) -> tuple[Call, ...]:
    """Make log streams and write to them; and what else is done to the groups.

    CloudWatch Logs calls a group by the ARN of its streams, so that a permission needs an ARN that ends in `:*`:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    names, streams = (tuple(f"{group}:log-stream:{name}" for group in groups) for name in ("", "one"))
    write = ("logs:CreateLogStream", "logs:PutLogEvents")
    return (
        Call(actions=on_group, resources=names, because=because, source=source),
        Call(actions=write, resources=streams, because=because, source=source),
    )
