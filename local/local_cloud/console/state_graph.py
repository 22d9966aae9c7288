"""Layered drawing of a state machine: states below those that lead to them, Map and Parallel around theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any

_START, _END = "\0start", "\0end"
_GAP_X, _GAP_Y, _PADDING, _TITLE = 26.0, 34.0, 16.0, 40.0
_HEIGHT, _DOT, _LANE = 44.0, 18.0, 14.0
_NARROWEST, _WIDEST, _PER_CHARACTER = 150.0, 250.0, 7.3
_LONGEST_NAME = 30
_EDGE = 2.0
# After a few rounds of moving states to the middle of their neighbours, nothing moves that can be seen.
_ROUNDS = 8

Definition = Mapping[str, Any]
Point = tuple[float, float]
# x, y, width and height.
Place = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Box:
    """A state: its name, type and place; `inner` if it is around others."""

    name: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    inner: bool = False

    @property
    def label(self) -> str:
        return self.name if len(self.name) <= _LONGEST_NAME else f"{self.name[: _LONGEST_NAME - 1]}…"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A transition as points from state to state; `caught` if an error leads along it."""

    points: tuple[Point, ...]
    caught: bool = False
    back: bool = False

    @property
    def path(self) -> str:
        """The line in the language of SVG: curves that leave and arrive upright."""
        (x, y), *rest = self.points
        drawn = [f"M{x:.1f} {y:.1f}"]
        if self.back:
            return f"{drawn[0]} " + " ".join(f"L{a:.1f} {b:.1f}" for a, b in rest)
        for (x0, y0), (x1, y1) in pairwise(self.points):
            middle = (y0 + y1) / 2
            drawn.append(f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}")
        return " ".join(drawn)


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Boxes, from the outer to the inner, and lines."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float

    def moved(self, x: float, y: float) -> Drawing:
        return replace(
            self,
            boxes=tuple(replace(box, x=box.x + x, y=box.y + y) for box in self.boxes),
            lines=tuple(replace(line, points=tuple((a + x, b + y) for a, b in line.points)) for line in self.lines),
        )


def draw(definition: Definition) -> Drawing:
    """Return the drawing of a state machine in the Amazon States Language, with its start and its end."""
    ends = {name: {**state, "Next": _END} if _ends(state) else state for name, state in definition["States"].items()}
    start = {"Type": "Start", "Next": definition["StartAt"]}
    return _draw({"StartAt": _START, "States": {_START: start, **ends, _END: {"Type": "End"}}})


def transitions(states: Mapping[str, Definition]) -> Iterator[tuple[str, str, bool]]:
    """Yield each way from a state to another once, and whether only an error leads along it."""
    for name, state in states.items():
        ways = [state.get("Next"), *(rule.get("Next") for rule in state.get("Choices", ())), state.get("Default")]
        caught = [rule.get("Next") for rule in state.get("Catch", ())]
        for target in dict.fromkeys(ways):
            if target in states:
                yield name, target, False
        for target in dict.fromkeys(caught):
            if target in states and target not in ways:
                yield name, target, True


def _ends(state: Definition) -> bool:
    return bool(state.get("End")) or state.get("Type") in ("Succeed", "Fail")


def _draw(definition: Definition) -> Drawing:
    states: Mapping[str, Definition] = definition["States"]
    drawings = {name: _state(name, state) for name, state in states.items()}
    ways = list(transitions(states))
    order, backwards = _walk(definition["StartAt"], states, ways)
    forwards = [way for way in ways if way[:2] not in backwards]
    layers, chains = _layers(_ranks(order, forwards), forwards)
    places = _places(layers, [chain for chain, _ in chains], drawings)
    width = max(x + size for x, _, size, _ in places.values())
    height = max(y + size for _, y, _, size in places.values())
    lines = [Line(points=_along(chain, places), caught=caught) for chain, caught in chains]
    # Ways back run beside the states, each in a lane of its own.
    for source, target, caught in ways:
        if (source, target) in backwards:
            width += _LANE
            lines.append(Line(points=_around(places[source], places[target], width), caught=caught, back=True))
    boxes: list[Box] = []
    for name, drawing in drawings.items():
        x, y, *_ = places[name]
        boxes += drawing.moved(x, y).boxes
        lines += drawing.moved(x, y).lines
    return Drawing(boxes=tuple(boxes), lines=tuple(lines), width=width + _EDGE, height=height + _EDGE)


def _state(name: str, state: Definition) -> Drawing:
    """Return a state at the origin; if it is a Map or Parallel, with what is in it."""
    kind = state["Type"]
    inner = [*state.get("Branches", ()), *(state[key] for key in ("ItemProcessor", "Iterator") if key in state)]
    if kind in ("Start", "End"):
        return _around_inner(Box(name=name, kind=kind, x=0, y=0, width=_DOT, height=_DOT), [])
    width = min(max(_NARROWEST, len(name) * _PER_CHARACTER + 2 * _PADDING), _WIDEST)
    return _around_inner(
        Box(name=name, kind=kind, x=0, y=0, width=width, height=_HEIGHT), [_draw(each) for each in inner]
    )


def _around_inner(box: Box, inner: list[Drawing]) -> Drawing:
    if not inner:
        return Drawing(boxes=(box,), lines=(), width=box.width, height=box.height)
    needed = sum(each.width for each in inner) + _GAP_X * (len(inner) - 1) + 2 * _PADDING
    width = max(box.width, needed)
    height = _TITLE + max(each.height for each in inner) + _PADDING
    x = _PADDING + (width - needed) / 2
    moved = []
    for each in inner:
        moved.append(each.moved(x, _TITLE))
        x += each.width + _GAP_X
    return Drawing(
        boxes=(
            replace(box, width=width, height=height, inner=True),
            *(found for each in moved for found in each.boxes),
        ),
        lines=tuple(found for each in moved for found in each.lines),
        width=width,
        height=height,
    )


def _walk(
    start: str, states: Mapping[str, Definition], ways: list[tuple[str, str, bool]]
) -> tuple[list[str], set[tuple[str, str]]]:
    """Return the states so that each comes after those that lead to it, and the ways that go back."""
    following: dict[str, list[str]] = {name: [] for name in states}
    for source, target, _ in ways:
        following[source].append(target)
    done: dict[str, None] = {}
    backwards: set[tuple[str, str]] = set()
    for root in (start, *states):
        if root in done:
            continue
        # Without recursion: machines of hundreds of states in a row are allowed.
        open_states, path = [(root, iter(following[root]))], {root}
        while open_states:
            name, rest = open_states[-1]
            target = next(rest, None)
            if target is None:
                open_states.pop()
                path.discard(name)
                done[name] = None
            elif target in path:
                backwards.add((name, target))
            elif target not in done:
                open_states.append((target, iter(following[target])))
                path.add(target)
    return list(reversed(done)), backwards


def _ranks(order: list[str], forwards: list[tuple[str, str, bool]]) -> dict[str, int]:
    ranks = dict.fromkeys(order, 0)
    for name in order:
        for source, target, _ in forwards:
            if source == name:
                ranks[target] = max(ranks[target], ranks[name] + 1)
    if _END in ranks:
        ranks[_END] = max(ranks.values()) + (ranks[_END] != max(ranks.values()))
    return ranks


def _layers(
    ranks: dict[str, int], forwards: list[tuple[str, str, bool]]
) -> tuple[list[list[str]], list[tuple[list[str], bool]]]:
    """Return the names of each layer from left to right, and each way as a chain of places, one in each layer."""
    layers: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for name, rank in ranks.items():
        layers[rank].append(name)
    numbers, chains = count(), []
    for source, target, caught in forwards:
        passed = [f"\0{next(numbers)}" for _ in range(ranks[source] + 1, ranks[target])]
        for rank, dummy in enumerate(passed, ranks[source] + 1):
            layers[rank].append(dummy)
        chains.append(([source, *passed, target], caught))
    before: dict[str, list[str]] = {}
    for chain, _ in chains:
        for upper, lower in pairwise(chain):
            before.setdefault(lower, []).append(upper)
    for upper_layer, layer in pairwise(layers):
        # From the middle, so that a layer of one does not pull all below it to the left.
        position = {name: index - (len(upper_layer) - 1) / 2 for index, name in enumerate(upper_layer)}
        weights = {name: [position[each] for each in before.get(name, ())] or [0.0] for name in layer}
        layer.sort(key=lambda name, weights=weights: sum(weights[name]) / len(weights[name]))  # type: ignore[misc]
    return layers, chains


def _places(layers: list[list[str]], chains: list[list[str]], drawings: dict[str, Drawing]) -> dict[str, Place]:
    """Return the place of each state, and of each line in the layers that it passes."""
    widths = {name: drawings[name].width if name in drawings else _LANE for layer in layers for name in layer}
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
    places, y = {}, _EDGE
    for layer in layers:
        tallest = max((drawings[name].height for name in layer if name in drawings), default=0.0)
        for name in layer:
            height = drawings[name].height if name in drawings else tallest
            places[name] = (middles[name] - widths[name] / 2 - left + _EDGE, y, widths[name], height)
        y += tallest + _GAP_Y
    return places


def _apart(wanted: list[float], widths: list[float]) -> list[float]:
    """Return the middles next to the wanted ones with which nothing overlaps: between packing from left and right."""
    needed = [(a + b) / 2 + _GAP_X for a, b in pairwise(widths)]
    from_left, from_right = list(wanted), list(wanted)
    for index, gap in enumerate(needed, 1):
        from_left[index] = max(wanted[index], from_left[index - 1] + gap)
    for index, gap in reversed(list(enumerate(needed))):
        from_right[index] = min(wanted[index], from_right[index + 1] - gap)
    return [(a + b) / 2 for a, b in zip(from_left, from_right, strict=True)]


def _along(chain: list[str], places: dict[str, Place]) -> tuple[Point, ...]:
    """Return the points of a line: straight through the layers that it passes, so that it crosses no state."""
    first, *passed, last = (places[name] for name in chain)
    through = (point for place in passed for point in (_top(place), _bottom(place)))
    return _bottom(first), *through, _top(last)


def _top(place: Place) -> Point:
    return place[0] + place[2] / 2, place[1]


def _bottom(place: Place) -> Point:
    return place[0] + place[2] / 2, place[1] + place[3]


def _around(source: Place, target: Place, lane: float) -> tuple[Point, ...]:
    y0, y1 = source[1] + source[3] / 2, target[1] + target[3] / 2
    return (source[0] + source[2], y0), (lane, y0), (lane, y1), (target[0] + target[2], y1)
