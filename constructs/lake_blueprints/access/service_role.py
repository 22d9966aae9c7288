"""A role that an AWS service assumes, whose permissions are there as soon as it is."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

# A managed policy has at most 6,144 characters; statements of this library's grants have 300 at most, with all
# references resolved. A role takes 10 policies: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_STATEMENTS_MAX = 20


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
    ) -> None:
        conditions = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}} if source_account else None
        principals = [iam.ServicePrincipal(service, conditions=conditions) for service in services]
        super().__init__(
            scope,
            construct_id,
            assumed_by=principals[0] if len(principals) == 1 else iam.CompositePrincipal(*principals),
            description=description,
        )
        self._policies: list[iam.ManagedPolicy] = []
        self._statements = 0
        self._purpose = description

    def add_to_principal_policy(self, statement: iam.PolicyStatement) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the role's managed policies; every grant ends here."""
        policy = self._policy_with_room()
        policy.add_statements(statement)
        return iam.AddToPrincipalPolicyResult(statement_added=True, policy_dependable=policy)

    def _policy_with_room(self) -> iam.ManagedPolicy:
        # Not before the first statement: IAM has no empty policies.
        if self._statements % _STATEMENTS_MAX == 0:
            number = len(self._policies) + 1
            name = "Permissions" if number == 1 else f"Permissions{number}"
            policy = iam.ManagedPolicy(self, name, description=f"{self._purpose}: permissions")
            self.add_managed_policy(policy)
            self._policies.append(policy)
        self._statements += 1
        return self._policies[-1]
