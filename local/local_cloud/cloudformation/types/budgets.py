"""Budgets."""

from __future__ import annotations

from local_cloud.cloudformation.names import PhysicalName
from local_cloud.cloudformation.resource import Call
from local_cloud.cloudformation.resource_type import ResourceType

TYPES = [
    ResourceType(
        name="AWS::Budgets::Budget",
        # The API wants the account.
        create=Call("create_budget", {"AccountId": "{account}"}),
        # moto has no such call.
        update=None,
        delete=Call("delete_budget", {"AccountId": "{account}", "BudgetName": "{id}"}),
        ref="{Budget[BudgetName]}",
        physical_name=PhysicalName(path="Budget.BudgetName", length=100),
    ),
]
