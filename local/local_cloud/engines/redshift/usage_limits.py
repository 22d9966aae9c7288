"""Usage limits of Redshift Serverless, which nothing here is counted against.

https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_CreateUsageLimit.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from local_cloud.server.services import ServiceError

_ID = "usageLimitId"
_SAME = ("resourceArn", "usageType", "period")


@dataclass(frozen=True, kw_only=True)
class UsageLimits:
    """The limits of a region.

    Parameters
    ----------
    limits: dict
        Those of every region, by region and identifier.
    region: str
        The region.
    workgroups: sequence of str
        ARNs of its workgroups.
    arn: callable
        Returns the ARN of a resource of a region, by kind and identifier.
    """

    limits: dict[tuple[str, str], dict[str, Any]]
    region: str
    workgroups: Sequence[str]
    arn: Callable[[str, str, str], str]

    def handle(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one of the operations about usage limits."""
        match operation:
            case "CreateUsageLimit":
                return {"usageLimit": self._create(request)}
            case "ListUsageLimits":
                asked = {name: value for name, value in request.items() if name in ("resourceArn", "usageType")}
                here = [limit for (where, _), limit in self.limits.items() if where == self.region]
                return {"usageLimits": [limit for limit in here if asked.items() <= limit.items()]}
        found = self.limits.get((self.region, request[_ID]))
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"usage limit {request[_ID]} not found")
        if operation == "DeleteUsageLimit":
            del self.limits[self.region, request[_ID]]
        elif operation == "UpdateUsageLimit":
            found |= request
        return {"usageLimit": found}

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = {"period": "monthly", "breachAction": "log", **request}
        if wanted["resourceArn"] not in self.workgroups:
            raise ServiceError("ResourceNotFoundException", f"{wanted['resourceArn']} not found")
        if wanted["amount"] < 1:
            raise ServiceError("ValidationException", "amount must be a positive number")
        here = [limit for (where, _), limit in self.limits.items() if where == self.region]
        if any(all(limit[name] == wanted[name] for name in _SAME) for limit in here):
            raise ServiceError("ConflictException", "a usage limit of this type and period exists")
        identifier = str(uuid.uuid4())
        found = {**wanted, _ID: identifier, "usageLimitArn": self.arn(self.region, "usagelimit", identifier)}
        self.limits[self.region, identifier] = found
        return found
