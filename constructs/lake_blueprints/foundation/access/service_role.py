"""A role that an AWS service assumes, whose permissions are there as soon as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import jsii
from aws_cdk import Aws, IStableAnyProducer, Lazy
from aws_cdk import aws_iam as iam
from constructs import Construct

from lake_blueprints.foundation.access.permissions import Permission, PermissionSet
from lake_blueprints.foundation.access.statements import Statement, Statements, one_or_all
from lake_blueprints.foundation.access.wildcards import Explanations
from lake_blueprints.foundation.arguments import checked

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_POLICIES_MAX = 10
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
_LONGEST_DESCRIPTION = 1_000


@checked
class ServiceRole(iam.Role):
    """Define a role for AWS services, whose grants go into customer-managed policies.

    CloudFormation creates the policies before the role, and the role before whatever names it. So no service ever
    sees the role without its permissions, which is what fails the first deployment of a delivery stream or a
    crawler whose role has an inline `AWS::IAM::Policy` (https://github.com/aws/aws-cdk/issues/5221).

    Parameters
    ----------
    services: sequence of str
        Service principals, for instance `glue.amazonaws.com`.
    description: str
        What the role is for.
    source_account: bool
        Whether only requests made for this account may assume the role, against a confused deputy. By default
        they alone may; a service that sends no `aws:SourceAccount` needs False.
    source_arn: str, optional
        Pattern of the resources for which a service may assume the role, where it says so. By default all.
    relief: str
        What to do if the role needs more than ten policies hold, for the message. By default to divide its work.

    Raises
    ------
    ValueError
        If no service is named, the description is longer than IAM takes, a grant needs an eleventh policy, or has a
        statement that no policy could hold.

    Example
    -------
        >>> role = ServiceRole(self, "Role", services=["glue.amazonaws.com"], description="Runs the job")
        >>> zone.grant_read(role)
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        services: Sequence[str],
        description: str,
        source_account: bool = True,
        source_arn: str | None = None,
        relief: str = "divide its work among several roles",
    ) -> None:
        _check(services, description)
        conditions: dict[str, Any] = {}
        if source_account:
            conditions["StringEquals"] = {"aws:SourceAccount": Aws.ACCOUNT_ID}
        if source_arn:
            conditions["ArnLike"] = {"aws:SourceArn": source_arn}
        principals = [iam.ServicePrincipal(service, conditions=conditions or None) for service in services]
        super().__init__(
            scope,
            construct_id,
            assumed_by=principals[0] if len(principals) == 1 else iam.CompositePrincipal(*principals),
            description=description,
        )
        self._purpose = description
        self._relief = relief
        self._statements = Statements()
        self._policies: list[iam.CfnManagedPolicy] = []
        self._grant: iam.Grant | None = None
        self._explanations: Explanations | None = None
        self._services = tuple(services)
        self._allowed: list[Permission] = []
        self._uses: list[tuple[str, str | None]] = []

    @contextmanager
    def used_for(self, because: str, source: str | None = None) -> Iterator[None]:
        """Record what is granted meanwhile for a reason, which the grants of other constructs do not know.

        Parameters
        ----------
        because: str
            What the permissions are used for: "writes the table".
        source: str, optional
            A further page of AWS that says so. By default the grants' own.
        """
        self._uses.append((because, source))
        try:
            yield
        finally:
            self._uses.pop()

    @property
    def permission_set(self) -> PermissionSet:
        """Permissions of the role, as they were declared."""
        owner, name = cast(Construct, self.node.scope), self.node.id
        while owner.node.scope and not type(owner).__module__.startswith("lake_blueprints."):
            owner, name = cast(Construct, owner.node.scope), f"{owner.node.id}/{name}"
        kind = type(owner).__name__
        name = kind if name == "Role" else f"{kind}/{name}"
        return PermissionSet(name=name, principal=self, assumed_by=self._services, allowed=tuple(self._allowed))

    def record(self, permissions: Iterable[Permission]) -> None:
        """Record permissions that the role has been granted."""
        if self._uses:
            permissions = [permission.used_for(*self._uses[-1]) for permission in permissions]
        self._allowed.extend(permissions)

    def allow(
        self, actions: Sequence[str], resource_arns: Sequence[str], conditions: Mapping[str, Any] | None = None
    ) -> iam.Grant:
        """Add a statement.

        The first one goes the way of every grant and comes back through `add_to_principal_policy`. That way crosses
        to the CDK's process and back five times, 2 ms of synth for each statement; the others take none of it.
        """
        if self._grant is None:
            self._grant = iam.Grant.add_to_principal(
                grantee=self, actions=list(actions), resource_arns=list(resource_arns), conditions=conditions
            )
            return self._grant
        statement = {"Action": one_or_all(actions), "Effect": "Allow", "Resource": one_or_all(resource_arns)}
        self._add({**statement, "Condition": conditions} if conditions else statement)
        return self._grant

    def explain_wildcards(self, resource_arns: Sequence[str], because: str) -> None:
        """Tell cdk-nag why the role's policies name some resources by a wildcard."""
        if self._explanations is None:
            self._explanations = Explanations(self)
        self._explanations.add(resource_arns, because)

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the role's managed policies; grants of aws-cdk-lib's own constructs end here."""
        policy = self._add(statement.to_statement_json())
        return iam.AddToPrincipalPolicyResult(statement_added=True, policy_dependable=policy)

    def _add(self, statement: Statement) -> iam.CfnManagedPolicy:
        number = self._statements.add(statement)
        for policy in range(len(self._policies), len(self._statements.policies)):
            self._policies.append(self._define_policy(policy))
        return self._policies[number]

    def _define_policy(self, number: int) -> iam.CfnManagedPolicy:
        if number >= _POLICIES_MAX:
            raise ValueError(
                f"role '{self.node.path}' needs more permissions than fit into {_POLICIES_MAX} managed policies, as "
                f"many as IAM attaches to a role; {self._relief}"
            )
        name = f"Permissions{number + 1}" if number else "Permissions"
        policy = iam.CfnManagedPolicy(
            self,
            name,
            description=f"{self._purpose}: permissions",
            policy_document=Lazy.any(_Document(self._statements.policies[number])),
        )
        self.add_managed_policy(iam.ManagedPolicy.from_managed_policy_arn(self, f"{name}Arn", policy.ref))
        return policy


@jsii.implements(IStableAnyProducer)
class _Document:
    """A policy of some of a role's statements, written once all of them are known."""

    def __init__(self, statements: list[Statement]) -> None:
        self._statements = statements

    def produce(self) -> Any:
        return {"Statement": self._statements, "Version": "2012-10-17"}


def _check(services: Sequence[str], description: str) -> None:
    if not services:
        raise ValueError("'services' must be one service or more, such as glue.amazonaws.com, got none; name one")
    if len(description) > _LONGEST_DESCRIPTION:
        raise ValueError(
            f"'description' must have at most {_LONGEST_DESCRIPTION:,} characters, got {len(description):,}; shorten it"
        )
