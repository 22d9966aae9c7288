"""Layered layout of a directed graph, as Sugiyama describes it: layers by longest path, few crossings, short edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

GAP, LANE, MARGIN = 26.0, 14.0, 2.0
_GAP_Y = 34.0
# After a few rounds of moving nodes to the middle of their neighbours, nothing moves that can be seen.
_ROUNDS = 8

Edge = tuple[str, str]
Size = tuple[float, float]
# x, y, width and height.
Place = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Places of nodes, and ways of edges.

    Parameters
    ----------
    places: dict
        Place of each node, and of what each edge passes in the layers between its ends.
    chains: list
        Each edge that leads down, by the names of its places.
    backwards: set
        The edges that lead up.
    """

    places: dict[str, Place]
    chains: list[list[str]]
    backwards: set[Edge]

    @property
    def width(self) -> float:
        return max(x + width for x, _, width, _ in self.places.values())

    @property
    def height(self) -> float:
        return max(y + height for _, y, _, height in self.places.values())

    def bottom(self, node: str) -> float:
        """Return where the layer of a node ends."""
        y = self.places[node][1]
        return max(top + height for _, top, _, height in self.places.values() if top == y)


def lay_out(start: str, sizes: Mapping[str, Size], edges: Sequence[Edge]) -> Layout:
    """Place nodes of these sizes below each other, beginning with `start`."""
    order, backwards = _walk(start, sizes, edges)
    forwards = [edge for edge in edges if edge not in backwards]
    layers, chains = _layers(_ranks(order, forwards), forwards)
    return Layout(places=_places(layers, chains, sizes), chains=chains, backwards=backwards)


def _walk(start: str, nodes: Iterable[str], edges: Sequence[Edge]) -> tuple[list[str], set[Edge]]:
    """Return the nodes so that each comes after those that lead to it, and the edges that go back."""
    following: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in edges:
        following[source].append(target)
    done: dict[str, None] = {}
    backwards: set[Edge] = set()
    for root in (start, *following):
        if root in done:
            continue
        # Without recursion: hundreds of nodes in a row are deeper than Python calls.
        open_nodes, path = [(root, iter(following[root]))], {root}
        while open_nodes:
            name, rest = open_nodes[-1]
            lower = next(rest, None)
            if lower is None:
                open_nodes.pop()
                path.discard(name)
                done[name] = None
            elif lower in path:
                backwards.add((name, lower))
            elif lower not in done:
                open_nodes.append((lower, iter(following[lower])))
                path.add(lower)
    return list(reversed(done)), backwards


def _ranks(order: list[str], forwards: Sequence[Edge]) -> dict[str, int]:
    """Return the layer of each node: as far down as the longest path to it."""
    ranks = dict.fromkeys(order, 0)
    for name in order:
        for source, target in forwards:
            if source == name:
                ranks[target] = max(ranks[target], ranks[name] + 1)
    return ranks


def _layers(ranks: dict[str, int], forwards: Sequence[Edge]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the names of each layer from left to right, and each edge as a chain with one name in each layer."""
    layers: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for name, rank in ranks.items():
        layers[rank].append(name)
    numbers, chains = count(), []
    for source, target in forwards:
        passed = [f"\0{next(numbers)}" for _ in range(ranks[source] + 1, ranks[target])]
        for rank, dummy in enumerate(passed, ranks[source] + 1):
            layers[rank].append(dummy)
        chains.append([source, *passed, target])
    before: dict[str, list[str]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain):
            before.setdefault(lower, []).append(upper)
    for upper_layer, layer in pairwise(layers):
        # From the middle, so that a layer of one does not pull all below it to the left.
        position = {name: index - (len(upper_layer) - 1) / 2 for index, name in enumerate(upper_layer)}
        weights = {name: [position[each] for each in before.get(name, ())] or [0.0] for name in layer}
        layer.sort(key=lambda name, weights=weights: sum(weights[name]) / len(weights[name]))  # type: ignore[misc]
    return layers, chains


def _places(layers: list[list[str]], chains: list[list[str]], sizes: Mapping[str, Size]) -> dict[str, Place]:
    """Return the place of each node, and of each edge in the layers that it passes."""
    widths = {name: sizes[name][0] if name in sizes else LANE for layer in layers for name in layer}
    neighbours: dict[str, list[str]] = {name: [] for name in widths}
    for chain in chains:
        for upper, lower in pairwise(chain):
            neighbours[upper].append(lower)
            neighbours[lower].append(upper)
    middles = dict.fromkeys(widths, 0.0)
    for _ in range(_ROUNDS):
        for layer in (*layers, *reversed(layers)):
            wanted = [
                sum(middles[each] for each in near) / len(near) if (near := neighbours[name]) else 0.0 for name in layer
            ]
            middles.update(zip(layer, _apart(wanted, [widths[name] for name in layer]), strict=True))
    left = min(middles[name] - width / 2 for name, width in widths.items())
    places, y = {}, MARGIN
    for layer in layers:
        tallest = max((sizes[name][1] for name in layer if name in sizes), default=0.0)
        for name in layer:
            height = sizes[name][1] if name in sizes else tallest
            places[name] = (middles[name] - widths[name] / 2 - left + MARGIN, y, widths[name], height)
        y += tallest + _GAP_Y
    return places


def _apart(wanted: list[float], widths: list[float]) -> list[float]:
    """Return the middles next to the wanted ones with which nothing overlaps: between packing from left and right."""
    needed = [(a + b) / 2 + GAP for a, b in pairwise(widths)]
    from_left, from_right = list(wanted), list(wanted)
    for index, gap in enumerate(needed, 1):
        from_left[index] = max(wanted[index], from_left[index - 1] + gap)
    for index, gap in reversed(list(enumerate(needed))):
        from_right[index] = min(wanted[index], from_right[index + 1] - gap)
    return [(a + b) / 2 for a, b in zip(from_left, from_right, strict=True)]
