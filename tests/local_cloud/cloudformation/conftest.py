"""A cloud for the tests of one module, and a way to deploy a template into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud

Deploy = Callable[..., dict[str, Any]]


@pytest.fixture
def deploy(cloud: LocalCloud, request: pytest.FixtureRequest) -> Iterator[Deploy]:
    """Create or update a stack named after the test; return its description."""
    client = cloud.client("cloudformation")
    name = request.node.originalname.replace("_", "-")[:40].strip("-")

    def deploy(resources: dict[str, Any], stack: str = name, **sections: Any) -> dict[str, Any]:
        template = json.dumps({"Resources": resources, **sections})
        exists = any(each["StackName"] == stack for each in client.describe_stacks()["Stacks"])
        (client.update_stack if exists else client.create_stack)(StackName=stack, TemplateBody=template)
        description: dict[str, Any] = client.describe_stacks(StackName=stack)["Stacks"][0]
        return description

    yield deploy
    client.delete_stack(StackName=name)


@pytest.fixture
def why(cloud: LocalCloud) -> Callable[[dict[str, Any]], list[str]]:
    """Return the reasons that a stack's events give for its failure."""

    def reasons(stack: dict[str, Any]) -> list[str]:
        events = cloud.client("cloudformation").describe_stack_events(StackName=stack["StackId"])["StackEvents"]
        return [event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED")]

    return reasons
