"""The policy of an endpoint: this account's principals, and resources of known accounts."""

from __future__ import annotations

from typing import Any

import jsii
from aws_cdk import Aws, IStableAnyProducer

from lake_blueprints.foundation.access.statements import one_or_all


@jsii.implements(IStableAnyProducer)
class EndpointPolicy:
    """Policy of one endpoint, written once all is known that goes through it.

    What the roles may do is theirs to say. The policy keeps everything else out: credentials of another account that
    were brought into the network, and resources of accounts that nothing here may use
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html).

    Parameters
    ----------
    prefix: str
        Prefix of the service's actions.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._accounts: dict[str, None] = {Aws.ACCOUNT_ID: None}
        self._buckets: dict[str, None] = {}

    def reach_account(self, account: str) -> None:
        """Admit the resources of one more account."""
        self._accounts[account] = None

    def read_bucket(self, name: str) -> None:
        """Admit the objects of a bucket of AWS."""
        self._buckets[f"arn:{Aws.PARTITION}:s3:::{name}/*"] = None

    def produce(self) -> Any:
        ours = {"aws:PrincipalAccount": Aws.ACCOUNT_ID, "aws:ResourceAccount": one_or_all(self._accounts)}
        statements: list[dict[str, Any]] = [
            {
                "Sid": "ThisAccount",
                "Effect": "Allow",
                "Principal": "*",
                "Action": f"{self._prefix}:*",
                "Resource": "*",
                "Condition": {"StringEquals": ours},
            }
        ]
        if self._buckets:
            # They are read with addresses that the service has signed: the principal is AWS's own.
            statements.append(
                {
                    "Sid": "BucketsOfAWS",
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": one_or_all(self._buckets),
                }
            )
        return {"Version": "2012-10-17", "Statement": statements}
