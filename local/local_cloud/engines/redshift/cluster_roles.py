"""Roles by which statements of a cluster read the lake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_READS = re.compile(r"\s*(?:copy|unload|create\s+external\s+schema)\b.*", re.IGNORECASE | re.DOTALL)
_ROLE = re.compile(r"\biam_role\s+(?:as\s+)?(?:(default)\b|'([^']+)')", re.IGNORECASE)


def role_of(cluster: Any) -> str | None:
    """Return the role under which statements run here: the default one, or the first."""
    return getattr(cluster, "default_iam_role_arn", None) or next(iter(cluster.iam_roles_arn), None)


def role_problem(cluster: Any, statements: Sequence[str]) -> str:
    """Return why the cluster cannot assume the roles that statements name; nothing if it can.

    A stack cannot give a cluster a default role, so that IAM_ROLE default, which works in a workgroup, fails there.
    """
    for sql in filter(_READS.fullmatch, statements):
        for default, arns in _ROLE.findall(sql):
            if default and not getattr(cluster, "default_iam_role_arn", None):
                return f"cluster {cluster.cluster_identifier} has no default IAM role, which IAM_ROLE default asks for"
            # Roles that are assumed one after the other are joined by commas; the first is the cluster's.
            if arns and arns.split(",")[0] not in cluster.iam_roles_arn:
                return f"IAM role {arns.split(',')[0]} is not associated with cluster {cluster.cluster_identifier}"
    return ""
