"""Members that objects and properties of a schema share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from lake_blueprints.contracts.governance import Link
from lake_blueprints.contracts.names import catalog_name

# Keys, rules and relationships ask for the names of the same columns again and again.
_catalog_name = lru_cache(maxsize=10_000)(catalog_name)

Element = Mapping[str, Any]


def spelled(element: Element) -> str:
    """Return what an element is called in its source: its physical name, else its name."""
    return str(element.get("physicalName") or element["name"])


def name_of(element: Element) -> str:
    """Return what an element is called in the catalog."""
    return _catalog_name(spelled(element))


def custom(element: Element, name: str) -> Any:
    """Return a custom property, None without one."""
    for entry in element.get("customProperties") or []:
        if entry.get("property") == name:
            return entry.get("value")
    return None


def links(element: Element) -> tuple[Link, ...]:
    """Return the definitions that are kept elsewhere."""
    return tuple(Link(url=entry["url"], type=entry["type"]) for entry in element.get("authoritativeDefinitions") or [])


def tags(element: Element) -> tuple[str, ...]:
    """Return the labels, each once."""
    return tuple(dict.fromkeys(element.get("tags") or []))


def one_line(text: Any) -> str | None:
    """Return text without line breaks, None without text."""
    return " ".join(str(text).split()) or None if text is not None else None


def stored_properties(item: Element, place: str) -> Iterator[tuple[str, Element]]:
    """Yield the properties of a schema object that its records have, with their places; measures are computed."""
    for number, prop in enumerate(item.get("properties") or []):
        if prop.get("semanticType") != "measure":
            yield f"{place}.properties[{number}]", prop
