"""The way of a dataset through the lake: as SVG whose colours follow the page's style sheet, and as Mermaid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen
from markupsafe import Markup

from lake_blueprints.contracts import Dataset, DatasetFormat

_BOX_WIDTH, _BOX_HEIGHT = 168, 54
_STEP_X, _STEP_Y = 212, 78
_TITLE_CHARACTERS, _TEXT_CHARACTERS = 17, 21


@frozen(kw_only=True)
class _Box:
    """A place where the data is, or goes to: its column and row in the picture."""

    column: int
    row: int
    title: str
    text: str
    kind: str = ""
    href: str | None = None


def draw(dataset: Dataset, related: Sequence[tuple[str, str, str]]) -> Markup:
    """Return the picture: where records come from, the zones, and who is fed.

    `related` holds the datasets that rows refer to: name, columns, and the page if there is one.
    """
    return _svg(*_graph(dataset, related))


def mermaid(dataset: Dataset, related: Sequence[tuple[str, str, str]]) -> str:
    """Return the same as a flowchart, which GitHub and others draw in Markdown."""
    boxes, arrows = _graph(dataset, related)
    names = {id(box): f"b{number}" for number, box in enumerate(boxes)}
    drawn = [f'  {names[id(box)]}["{_plain(box.title)}<br>{_plain(box.text)}"]' for box in boxes]
    drawn += [
        f"  {names[id(start)]} {'-.->' if _loose(start, end) else '-->'} {names[id(end)]}" for start, end in arrows
    ]
    return "\n".join(["flowchart LR", *drawn])


def _graph(dataset: Dataset, related: Sequence[tuple[str, str, str]]) -> tuple[list[_Box], list[tuple[_Box, _Box]]]:
    streamed = dataset.format is DatasetFormat.JSON
    source = _Box(column=0, row=0, title="stream" if streamed else "files", text=_delivered(dataset), kind="source")
    raw = _Box(column=1, row=0, title="raw zone", text=f"{dataset.format.value.upper()}, as it came", kind="zone")
    curated = _Box(column=2, row=0, title="curated zone", text=f"table {dataset.name}", kind="zone main")
    quarantine = _Box(column=2, row=1, title="quarantine", text="refused, with reasons", kind="aside")
    boxes, arrows = [source, raw, curated, quarantine], [(source, raw), (raw, curated), (raw, quarantine)]
    served = curated
    if dataset.restricted_columns:
        count = len(dataset.restricted_columns)
        text = f"{count} column{'s' if count > 1 else ''} masked"
        served = _Box(column=3, row=0, title="analytics zone", text=text, kind="zone")
        boxes.append(served)
        arrows.append((curated, served))
    last = served.column + 1
    for row, (title, text, origin) in enumerate(
        (
            ("Athena", "queries", served),
            ("warehouse", "if the app loads it", curated),
            ("model", "if the app trains it", curated),
        )
    ):
        box = _Box(column=last, row=row, title=title, text=text, kind="use" if row == 0 else "use maybe")
        boxes.append(box)
        arrows.append((origin, box))
    for number, (name, columns, page) in enumerate(related):
        box = _Box(column=0, row=2 + number, title=name, text=f"by {columns}", kind="related", href=page or None)
        boxes.append(box)
        arrows.append((box, curated))
    return boxes, arrows


def _delivered(dataset: Dataset) -> str:
    names = (
        placement.properties.get("streamName") or placement.properties.get("location")
        for placement in dataset.placements
    )
    return str(next((name for name in names if name), dataset.name))


def _svg(boxes: Sequence[_Box], arrows: Sequence[tuple[_Box, _Box]]) -> Markup:
    width = _STEP_X * max(box.column for box in boxes) + _BOX_WIDTH + 4
    height = _STEP_Y * max(box.row for box in boxes) + _BOX_HEIGHT + 4
    body = Markup("").join([*_arrows(arrows), *map(_box, boxes)])
    return Markup(
        '<svg viewBox="-2 -2 {w:.0f} {h:.0f}" width="{w:.0f}" height="{h:.0f}" role="img" '
        'aria-label="lineage"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>{body}</svg>'
    ).format(w=width, h=height, body=body)


def _arrows(arrows: Sequence[tuple[_Box, _Box]]) -> Iterator[Markup]:
    for start, end in arrows:
        x1, y1 = start.column * _STEP_X + _BOX_WIDTH, start.row * _STEP_Y + _BOX_HEIGHT / 2
        x2, y2 = end.column * _STEP_X, end.row * _STEP_Y + _BOX_HEIGHT / 2
        # On a long way it stays in the lower row, in which nothing stands between.
        half = (_STEP_X - _BOX_WIDTH) / 2
        bend = x1 + half if end.row > start.row else x2 - half
        kind = "arrow maybe" if _loose(start, end) else "arrow"
        yield Markup('<path class="{}" marker-end="url(#tip)" d="M{:.0f} {:.0f}H{:.0f}V{:.0f}H{:.0f}"/>').format(
            kind, x1, y1, bend, y2, x2
        )


def _loose(start: _Box, end: _Box) -> bool:
    """Tell whether not every record goes this way, or none at all."""
    return "maybe" in end.kind or end.kind == "aside" or start.kind == "related"


def _box(box: _Box) -> Markup:
    x, y = box.column * _STEP_X, box.row * _STEP_Y
    drawn = Markup(
        '<g class="box {}"><title>{}: {}</title><rect x="{:.0f}" y="{:.0f}" width="{}" height="{}" rx="8"/>'
        '<text class="title" x="{:.0f}" y="{:.0f}">{}</text><text x="{:.0f}" y="{:.0f}">{}</text></g>'
    ).format(
        box.kind,
        box.title,
        box.text,
        x,
        y,
        _BOX_WIDTH,
        _BOX_HEIGHT,
        x + 12,
        y + 23,
        _short(box.title, _TITLE_CHARACTERS),
        x + 12,
        y + 41,
        _short(box.text, _TEXT_CHARACTERS),
    )
    return Markup('<a href="{}">{}</a>').format(box.href, drawn) if box.href else drawn


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _plain(text: str) -> str:
    """Return text as Mermaid shows it inside quotes."""
    return "".join(
        character if character.isalnum() or character in " ,._/:" else f"#{ord(character)};" for character in text
    )
