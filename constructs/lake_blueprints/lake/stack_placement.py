"""Placement of datasets in stacks: in the lake's own, or in that of their shard."""

from __future__ import annotations

from aws_cdk import CfnResource, Environment, Stack
from constructs import Construct

from lake_blueprints.lake.shards import RESOURCES_MAX, Shards


class StackPlacement:
    """The scopes of a lake's datasets.

    The stacks of shards stand inside the lake, so that its tags, aspects and context are theirs as well. They refer
    to the lake's own stack and to no other, and nothing refers to them but the one of `orchestration`.
    """

    def __init__(self, lake: Construct, shards: Shards | None) -> None:
        self._lake = lake
        self._shards = shards
        self._stacks: dict[str, Stack] = {}

    def of(self, dataset: str) -> Construct:
        """Return the scope in which a dataset is defined."""
        return self._stack(self._shards.stack_of(dataset)) if self._shards else self._lake

    def orchestration(self) -> Construct:
        """Return the scope of what refers to every dataset."""
        return self._stack("Orchestration") if self._shards else self._lake

    def check_sizes(self) -> None:
        """Refuse stacks that hold more than they should.

        Raises
        ------
        ValueError
            With the stack, its number of resources, and how to split it.
        """
        inner = {stack.node.id: _resources(stack) for stack in self._stacks.values()}
        own = Stack.of(self._lake)
        for name, count in {own.node.id: _resources(own) - sum(inner.values()), **inner}.items():
            if count > RESOURCES_MAX:
                raise ValueError(f"stack '{name}' has {count} resources, more than {RESOURCES_MAX}; {self._way_out()}")

    def _way_out(self) -> str:
        if not self._shards:
            return "split the lake's datasets into stacks with 'shards', for instance Shards(count=16)"
        return (
            "give the datasets that are new a stack of their own with 'placed', for instance "
            f"Shards(count={self._shards.count}, placed={{'NAME': 'Overflow'}}); "
            "a larger 'count' would move datasets that are deployed: see docs/many-datasets.md"
        )

    def _stack(self, name: str) -> Stack:
        if name not in self._stacks:
            own = Stack.of(self._lake)
            environment = Environment(account=own.account, region=own.region)
            self._stacks[name] = Stack(self._lake, name, env=environment)
        return self._stacks[name]


def _resources(stack: Stack) -> int:
    return sum(isinstance(construct, CfnResource) for construct in stack.node.find_all())
