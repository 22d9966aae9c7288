"""Stacks, and the resources, outputs and events of one."""

from __future__ import annotations

from typing import Any

from local_cloud.console.request import Request

_EVENTS = 100


def show(request: Request) -> dict[str, Any]:
    """Return all stacks, and what the chosen one has; without a choice, the first."""
    stacks = sorted(request.all("cloudformation", "describe_stacks", "Stacks"), key=lambda stack: stack["StackName"])
    names = [stack["StackName"] for stack in stacks]
    chosen = request.get("stack") if request.get("stack") in names else next(iter(names), "")
    found: dict[str, Any] = {"stacks": stacks, "chosen": chosen, "resources": [], "outputs": [], "events": []}
    if chosen:
        found["resources"] = sorted(
            request.all("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=chosen),
            key=lambda resource: (resource["ResourceType"], resource["LogicalResourceId"]),
        )
        found["outputs"] = stacks[names.index(chosen)].get("Outputs", [])
        found["events"] = request.all(
            "cloudformation", "describe_stack_events", "StackEvents", most=_EVENTS, StackName=chosen
        )
    return found
