"""Charts as inline SVG, whose colours follow the page's style sheet and so the reader's light or dark theme."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH = 480
_ROW = 24
# Room beside the bars for labels of up to so many characters; longer ones stand above their bars.
_LABEL = 168
_LABEL_CHARACTERS = 23
_LABEL_HEIGHT = 16
_NUMBER = 62
_PLOT_HEIGHT = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 12, 26
_TICKS = 5


def bars(labels: Sequence[str], values: Sequence[float]) -> Markup:
    """Draw a horizontal bar for each value, to the left of zero if it is negative."""
    left, above = _room(labels)
    axis = _Axis(min(0.0, *values), max(0.0, *values), left, WIDTH - _NUMBER)
    zero, height = axis.at(0), _ROW + above

    def rows() -> Iterator[Markup]:
        for row, (label, value) in enumerate(zip(labels, values, strict=True)):
            end, top = axis.at(value), row * height + above
            yield _label(label, left, top - above + 14 if above else top + 16)
            yield _bar(min(zero, end), top + 4, abs(end - zero), _ROW - 8, hint=f"{label}: {number(value)}")
            yield _text(max(zero, end) + 6, top + 16, number(value), "value")
        yield _line(zero, 0, zero, len(labels) * height, "axis")

    return _svg(len(labels) * height, rows())


def pairs(
    labels: Sequence[str], before: Sequence[float], after: Sequence[float], show: Callable[[float], str]
) -> Markup:
    """Draw two bars for each label on a logarithmic scale."""
    smallest = min(value for value in (*before, *after) if value > 0)
    left, above = _room(labels)
    axis = _Axis(math.floor(math.log10(smallest)), math.log10(max(*before, *after)), left, WIDTH - _NUMBER - 8)
    height = 2 * _ROW - 4 + above

    def rows() -> Iterator[Markup]:
        for row, label in enumerate(labels):
            top = row * height + above
            yield _label(label, left, top - above + 14 if above else top + 24)
            for offset, kind, value in ((4, "bar other", before[row]), (21, "bar", after[row])):
                length = axis.at(math.log10(value)) - left if value > 0 else 0
                yield _bar(left, top + offset, length, 14, kind=kind, hint=f"{label}: {show(value)}")
                yield _text(left + length + 6, top + offset + 11, show(value), "value")

    return _svg(len(labels) * height, rows())


def columns(labels: Sequence[str], values: Sequence[float]) -> Markup:
    """Draw a column for each value."""
    return _svg(_PLOT_HEIGHT, _columns(labels, values, gap=0.25))


def days(labels: Sequence[str], values: Sequence[float], line: Sequence[float]) -> Markup:
    """Draw a thin column for each value, and a line over them."""
    step = (WIDTH - _LEFT - _RIGHT) / len(values)
    vertical = _vertical(values)
    points = " ".join(f"{_LEFT + (i + 0.5) * step:.1f},{vertical.at(value):.1f}" for i, value in enumerate(line))
    path = Markup('<polyline class="line" points="{}"/>').format(points)
    return _svg(_PLOT_HEIGHT, [*_columns(labels, values, gap=0.3), path])


def series(values: Sequence[float], marks: Sequence[tuple[int, str]]) -> Markup:
    """Draw a line through the values, and a dot of a kind at the place of each mark."""
    vertical = _Axis(min(values), max(values), _PLOT_HEIGHT - _BOTTOM, _TOP)
    horizontal = _Axis(0, len(values) - 1, _LEFT, WIDTH - _RIGHT)

    def parts() -> Iterator[Markup]:
        for tick in _ticks(vertical.low, vertical.high):
            yield _line(_LEFT, vertical.at(tick), WIDTH - _RIGHT, vertical.at(tick), "rule")
            yield _text(_LEFT - 6, vertical.at(tick) + 4, number(tick), "tick end")
        points = " ".join(f"{horizontal.at(i):.1f},{vertical.at(value):.1f}" for i, value in enumerate(values))
        yield Markup('<polyline class="thin line" points="{}"/>').format(points)
        for place, kind in marks:
            yield Markup('<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="4"><title>{}</title></circle>').format(
                kind, horizontal.at(place), vertical.at(values[place]), f"{number(values[place])}, {kind}"
            )

    return _svg(_PLOT_HEIGHT, parts())


def calibration(points: Sequence[tuple[float, float]], x_title: str, y_title: str) -> Markup:
    """Draw a dot for each pair, beside the diagonal on which both are equal."""
    everything = [value for point in points for value in point]
    low, high = min(everything), max(everything)
    height = _PLOT_HEIGHT + 60
    horizontal = _Axis(low, high, _LEFT + 8, WIDTH - _RIGHT - 8)
    vertical = _Axis(low, high, height - _BOTTOM - 22, _TOP)

    def marks() -> Iterator[Markup]:
        for tick in _ticks(low, high):
            yield _line(_LEFT, vertical.at(tick), WIDTH - _RIGHT, vertical.at(tick), "rule")
            yield _text(_LEFT - 6, vertical.at(tick) + 4, number(tick), "tick end")
            yield _text(horizontal.at(tick), height - _BOTTOM - 4, number(tick), "tick middle")
        yield _line(horizontal.at(low), vertical.at(low), horizontal.at(high), vertical.at(high), "diagonal")
        for x, y in points:
            yield Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="5"><title>{}</title></circle>').format(
                horizontal.at(x), vertical.at(y), f"{x_title} {number(x)}, {y_title} {number(y)}"
            )
        yield _text((WIDTH + _LEFT) / 2, height - 4, x_title, "tick middle")
        yield _text(_LEFT, _TOP - 2, y_title, "tick")

    return _svg(height, marks())


def number(value: float) -> str:
    """Return a number with as many digits as a reader needs."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


@dataclass(frozen=True)
class _Axis:
    """Maps values from `low` to `high` to coordinates from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        span = self.high - self.low or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)


def _vertical(values: Sequence[float]) -> _Axis:
    return _Axis(min(0.0, *values), max(0.0, *values), _PLOT_HEIGHT - _BOTTOM, _TOP)


def _columns(labels: Sequence[str], values: Sequence[float], gap: float) -> Iterator[Markup]:
    vertical = _vertical(values)
    step = (WIDTH - _LEFT - _RIGHT) / len(values)
    for tick in _ticks(vertical.low, vertical.high):
        yield _line(_LEFT, vertical.at(tick), WIDTH - _RIGHT, vertical.at(tick), "rule")
        yield _text(_LEFT - 6, vertical.at(tick) + 4, number(tick), "tick end")
    zero = vertical.at(0)
    every = math.ceil(max(map(len, labels)) * 9 / step)
    for position, (label, value) in enumerate(zip(labels, values, strict=True)):
        x, end = _LEFT + position * step, vertical.at(value)
        hint = f"{label}: {number(value)}"
        yield _bar(x + step * gap / 2, min(zero, end), step * (1 - gap), abs(end - zero), hint=hint)
        if position % every == 0 and x + step / 2 + 3 * len(label) < WIDTH:
            yield _text(x + step / 2, _PLOT_HEIGHT - 8, label, "tick middle")
    yield _line(_LEFT, zero, WIDTH - _RIGHT, zero, "axis")


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers between two values, about five."""
    raw = (high - low or 1.0) / _TICKS
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.ceil(low / step)
    return [round(n * step, 10) for n in range(first, math.floor(high / step) + 1)]


def _room(labels: Sequence[str]) -> tuple[int, int]:
    """Return how much room labels take to the left of their bars, or above them if one is too long for that."""
    beside = max(map(len, labels), default=0) <= _LABEL_CHARACTERS
    return (_LABEL, 0) if beside else (0, _LABEL_HEIGHT)


def _label(label: str, left: int, y: float) -> Markup:
    return _text(left - 8, y, label, "label end") if left else _text(0, y, label, "label")


def _text(x: float, y: float, content: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, escape(content))


def _bar(x: float, y: float, width: float, height: float, *, hint: str, kind: str = "bar") -> Markup:
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1.5"><title>{}</title></rect>'
    ).format(kind, x, y, width, height, hint)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(kind, x1, y1, x2, y2)


def _svg(height: float, parts: Sequence[Markup] | Iterator[Markup]) -> Markup:
    body = Markup("").join(parts)
    return Markup('<svg viewBox="0 0 {} {}" role="img">{}</svg>').format(WIDTH, height, body)
