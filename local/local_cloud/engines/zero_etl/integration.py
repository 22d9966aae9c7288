"""Integrations, as the APIs of RDS and Redshift describe them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.utilities.utils import get_partition


@dataclass(kw_only=True)
class Integration:
    """An integration of a source with a namespace of Redshift.

    Parameters
    ----------
    service: str
        Service that has it: rds, or redshift for tables of DynamoDB.
    region, account: str
        Where it is.
    members: mapping
        What it was given.
    """

    service: str
    region: str
    account: str
    members: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def arn(self) -> str:
        return f"arn:{get_partition(self.region)}:{self.service}:{self.region}:{self.account}:integration:{self.id}"

    @property
    def source(self) -> str:
        return str(self.members["SourceArn"])

    @property
    def target(self) -> str:
        return str(self.members["TargetArn"])

    def described(self) -> Mapping[str, Any]:
        """Return it as its API does."""
        return {
            **self.members,
            "IntegrationArn": self.arn,
            "Status": "active",
            "CreateTime": self.created,
            "Errors": [],
        }
