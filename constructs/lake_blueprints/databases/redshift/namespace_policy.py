"""Policy of a Redshift Serverless namespace, which says whose integrations it takes."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_redshiftserverless as redshift


class NamespacePolicy:
    """Statements of a namespace's own policy; it has none until there is a statement.

    Parameters
    ----------
    namespace: redshift.CfnNamespace
        The namespace.
    """

    def __init__(self, namespace: redshift.CfnNamespace) -> None:
        self._namespace = namespace
        self._statements: dict[str, dict[str, Any]] = {}

    def add(self, statement: iam.PolicyStatement) -> None:
        """Add a statement, without a resource: it could be the namespace only, whose ARN would refer to itself."""
        found: dict[str, Any] = statement.to_statement_json()
        found.pop("Resource", None)
        # Without tokens, which are others each time, so that the same statement is known again; with them it refers to
        # sources of other stacks.
        known = json.dumps(self._namespace.stack.resolve(found), sort_keys=True)
        self._statements.setdefault(known, found)
        self._namespace.namespace_resource_policy = {
            "Version": "2012-10-17",
            "Statement": list(self._statements.values()),
        }
