"""Layered drawing of a state machine: states below those that lead to them, Map and Parallel around theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from local_cloud.console.layered_layout import GAP, LANE, MARGIN, Place, lay_out

_START, _END = "\0start", "\0end"
_PADDING, _TITLE, _HEIGHT, _DOT = 16.0, 40.0, 44.0, 18.0
_NARROWEST, _WIDEST, _PER_CHARACTER = 150.0, 250.0, 7.3
_LONGEST_NAME = 30
# Where lines back leave and arrive: beside those that lead down, and this far from a layer.
_ASIDE, _BELOW = 30.0, 12.0

Definition = Mapping[str, Any]
Point = tuple[float, float]


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
            return " ".join([*drawn, *(f"L{a:.1f} {b:.1f}" for a, b in rest)])
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
    states = {name: {**state, "Next": _END} if _ends(state) else state for name, state in definition["States"].items()}
    start = {"Type": "Start", "Next": definition["StartAt"]}
    end = {_END: {"Type": "End"}} if any(state.get("Next") == _END for state in states.values()) else {}
    return _draw({"StartAt": _START, "States": {_START: start, **states, **end}})


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
    caught = {(source, target): by_error for source, target, by_error in transitions(states)}
    sizes = {name: (drawing.width, drawing.height) for name, drawing in drawings.items()}
    layout = lay_out(definition["StartAt"], sizes, list(caught))
    lines = [
        Line(points=_along([layout.places[name] for name in chain]), caught=caught[chain[0], chain[-1]])
        for chain in layout.chains
    ]
    width = layout.width
    # Ways back run beside the states, each in a lane of its own.
    for source, target in sorted(layout.backwards):
        width += LANE
        points = _around(layout.places[source], layout.places[target], layout.bottom(source), width)
        lines.append(Line(points=points, caught=caught[source, target], back=True))
    boxes: list[Box] = []
    for name, drawing in drawings.items():
        moved = drawing.moved(*layout.places[name][:2])
        boxes += moved.boxes
        lines += moved.lines
    return Drawing(boxes=tuple(boxes), lines=tuple(lines), width=width + MARGIN, height=layout.height + _BELOW)


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
    needed = sum(each.width for each in inner) + GAP * (len(inner) - 1) + 2 * _PADDING
    width = max(box.width, needed)
    height = _TITLE + max(each.height for each in inner) + _PADDING
    x = _PADDING + (width - needed) / 2
    moved = []
    for each in inner:
        moved.append(each.moved(x, _TITLE))
        x += each.width + GAP
    return Drawing(
        boxes=(
            replace(box, width=width, height=height, inner=True),
            *(found for each in moved for found in each.boxes),
        ),
        lines=tuple(found for each in moved for found in each.lines),
        width=width,
        height=height,
    )


def _along(places: list[Place]) -> tuple[Point, ...]:
    """Return the points of a line: straight through the layers that it passes, so that it crosses no state."""
    first, *passed, last = places
    through = (point for place in passed for point in (_top(place), _bottom(place)))
    return _bottom(first), *through, _top(last)


def _top(place: Place) -> Point:
    return place[0] + place[2] / 2, place[1]


def _bottom(place: Place) -> Point:
    return place[0] + place[2] / 2, place[1] + place[3]


def _around(source: Place, target: Place, bottom: float, lane: float) -> tuple[Point, ...]:
    """Return the points of a line back, between the layers and beside them; `bottom` is that of the source's layer."""
    (x0, y0), (x1, y1) = _bottom(source), _top(target)
    x0, x1, below, above = x0 + _ASIDE, x1 + _ASIDE, bottom + _BELOW, y1 - _BELOW
    return (x0, y0), (x0, below), (lane, below), (lane, above), (x1, above), (x1, y1)
