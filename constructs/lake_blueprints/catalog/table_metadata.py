"""Descriptions, tags and links of tables and columns in the Glue catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lake_blueprints.contracts import Column, Dataset

# https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html
_COMMENT_MAX = 255
# https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html: the key of a parameter.
_KEY_MAX = 255
# Characters of a name that the catalog's rule had to shorten, so that some are left for everything else.
_SOURCE_MAX = 200
_GOVERNANCE = ("owner", "team", "domain", "data_product", "tenant", "status", "price")


def comment(column: Column) -> str | None:
    """Return a column's comment: what it is, and in brackets what else is known; as much as Glue takes.

    Descriptions give way to the brackets, by which tools find restricted columns.
    """
    brackets = ""
    for label in _labels(column):
        longer = f"{brackets} [{label}]".lstrip()
        if len(longer) <= _COMMENT_MAX:
            brackets = longer
    # A space stands between the two.
    room = _COMMENT_MAX - len(brackets) - 1 if brackets else _COMMENT_MAX
    described = _one_line(column.description or column.business_name or "")
    return f"{described[: max(room, 0)]} {brackets}".strip() or None


def parameters(dataset: Dataset) -> dict[str, str]:
    """Return what a table's parameters say about its contract; only what the contract says."""
    governance, levels = dataset.governance, dataset.service_levels
    found: dict[str, str | None] = {"contract_version": dataset.version, "contract_id": governance.contract}
    found["data_classification"] = dataset.classification
    found |= {name: getattr(governance, name) for name in _GOVERNANCE}
    found["tags"] = ", ".join(governance.tags)
    for name in ("latency", "retention", "frequency", "schedule"):
        value = getattr(levels, name)
        found[name] = None if value is None else str(value)
    for name, text in levels.others:
        _add(found, f"promise_{name}", text)
    for link in governance.links:
        _add(found, f"link_{link.type}", link.url)
    for channel in governance.support:
        _add(found, f"support_{channel.name}", channel.url or channel.description or channel.tool)
    return {key: _one_line(value) for key, value in found.items() if value}


def _labels(column: Column) -> Iterator[str]:
    if column.classification:
        yield _one_line(column.classification)
    if column.critical:
        yield "critical"
    if column.source and column.source != column.name:
        yield f"name: {_cut(_one_line(column.source))}"
    if column.tags:
        yield f"tags: {_one_line(', '.join(column.tags))}"


def _cut(name: str) -> str:
    return name if len(name) <= _SOURCE_MAX else f"{name[: _SOURCE_MAX - 1]}…"


def _add(found: dict[str, str | None], name: str, text: str | None) -> None:
    """Add a parameter whose name comes from the contract; a second one of that name gets a number."""
    key = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:_KEY_MAX]
    number = 1
    while (numbered := key if number == 1 else f"{key[: _KEY_MAX - 4]}_{number}") in found:
        number += 1
    found[numbered] = text


def _one_line(text: str) -> str:
    # Glue takes neither line breaks nor other control characters.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
