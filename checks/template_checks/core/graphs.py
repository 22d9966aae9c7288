"""Directed graphs, as the names that follow each name."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Set
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

N = TypeVar("N", bound=Hashable)


def components(following: Mapping[N, Set[N]]) -> list[list[N]]:
    """Return the nodes in groups, each of nodes that lead to each other (Kosaraju's algorithm)."""
    leading: dict[N, set[N]] = {node: set() for node in following}
    for node, targets in following.items():
        for target in targets:
            leading[target].add(node)
    seen: set[N] = set()
    ended = [node for start in following for node in _post_order(following, start, seen)]
    seen = set()
    return [group for start in reversed(ended) if (group := list(_post_order(leading, start, seen)))]


def is_acyclic(following: Mapping[N, Set[N]], *, without: Collection[N] = ()) -> bool:
    """Return whether no node leads back to itself, once some are taken away."""
    left = {node: targets - set(without) for node, targets in following.items() if node not in without}
    try:
        TopologicalSorter(left).prepare()
    except CycleError:
        return False
    return True


def longest_path(following: Mapping[N, Set[N]], costs: Mapping[N, int], starts: Iterable[N]) -> int:
    """Return the cost of the most costly path through an acyclic graph, 0 if there is no start."""
    found: dict[N, int] = {}
    # What follows comes first.
    for node in TopologicalSorter(following).static_order():
        found[node] = costs[node] + max((found[target] for target in following[node]), default=0)
    return max((found[start] for start in starts), default=0)


def _post_order(following: Mapping[N, Set[N]], start: N, seen: set[N]) -> Iterable[N]:
    """Yield the nodes that a start leads to, each after what follows it, but for those that were seen before."""
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(following[start]))]
    while path:
        node, targets = path[-1]
        if (target := next((one for one in targets if one not in seen), None)) is None:
            path.pop()
            yield node
        else:
            seen.add(target)
            path.append((target, iter(following[target])))
