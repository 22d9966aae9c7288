"""A pipeline step that sets the usage limits of a serverless warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lake_blueprints.databases.redshift.warehouse import Warehouse
from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.foundation.arguments import checked
from lake_blueprints.orchestration.asl import ONE_CALL, Fragment, busy, check_name, joined, retry, task
from lake_blueprints.orchestration.context import StepContext
from lake_blueprints.orchestration.retryable_errors import REDSHIFT_SERVERLESS, REDSHIFT_SERVERLESS_BUSY
from lake_blueprints.orchestration.step import Step

_SERVICE = "aws-sdk:redshiftserverless"
_RETRIES = (busy(REDSHIFT_SERVERLESS_BUSY), retry(REDSHIFT_SERVERLESS))


@checked
@dataclass(frozen=True, kw_only=True)
class SetUsageLimits(Step):
    """Set the usage limits of a serverless warehouse, for which CloudFormation has no type.

    A limit of a period that the workgroup has already is changed to the warehouse's; others are left as they are. Put
    the step first, so that no run computes without limits; it costs three calls.

    Parameters
    ----------
    warehouse: Warehouse
        The warehouse, which has usage limits.
    name: str, optional
        Name of the step. By default `Limit` and the warehouse's id.

    Raises
    ------
    ValueError
        When the pipeline is defined, if the warehouse has no usage limits.

    Notes
    -----
    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_ListUsageLimits.html

    Example
    -------
        >>> warehouse = Warehouse(self, "Warehouse", usage_limits=[UsageLimit(rpu_hours=200)])
        >>> Pipeline(self, "Pipeline", steps=[SetUsageLimits(warehouse=warehouse), Load(warehouse=warehouse)])
    """

    warehouse: Warehouse
    name: str | None = None

    def render(self, context: StepContext) -> Fragment:
        name = check_name(self.name or f"Limit {self.warehouse.node.id}")
        wanted: list[dict[str, Any]] = self.warehouse.usage_limit_requests()
        if not wanted:
            raise ValueError(f"'{name}' has nothing to set: the warehouse has no 'usage_limits'")
        same = {member: wanted[0][member] for member in ("ResourceArn", "UsageType")}
        listed = task(
            name,
            f"{_SERVICE}:listUsageLimits",
            same,
            timeout=ONE_CALL,
            retries=_RETRIES,
            result={"found.$": "$.UsageLimits"},
            result_path="$.limits",
        )
        return joined(Fragment(start=name, end=name, states=listed), *(_set(name, limit) for limit in wanted))

    def grant(self, role: ServiceRole) -> None:
        self.warehouse.grant_set_usage_limits(role)


def _set(step: str, wanted: dict[str, Any]) -> Fragment:
    """Return the states that change the limit of a period, or create it."""
    name = f"{step} {wanted['Period']}"
    decides, changes, creates, ends = (f"{name} {part}" for part in ("decides", "changes", "creates", "is set"))
    change = task(
        changes,
        f"{_SERVICE}:updateUsageLimit",
        {"UsageLimitId.$": "$.limit.found[0]", **{member: wanted[member] for member in ("Amount", "BreachAction")}},
        timeout=ONE_CALL,
        retries=_RETRIES,
    )
    # Not after a conflict: a limit that another execution has just created is changed by the next one.
    create = task(creates, f"{_SERVICE}:createUsageLimit", wanted, timeout=ONE_CALL, retries=_RETRIES)
    states: dict[str, dict[str, Any]] = {
        name: {
            "Type": "Pass",
            "Parameters": {"found.$": f"$.limits.found[?(@.Period == '{wanted['Period']}')].UsageLimitId"},
            "ResultPath": "$.limit",
            "Next": decides,
        },
        decides: {
            "Type": "Choice",
            "Choices": [{"Variable": "$.limit.found[0]", "IsPresent": True, "Next": changes}],
            "Default": creates,
        },
        **change,
        **create,
        ends: {"Type": "Pass"},
    }
    for task_name in (changes, creates):
        states[task_name] = states[task_name] | {"Next": ends}
    return Fragment(start=name, end=ends, states=states)
