"""Finding what a contract refers to: schema objects and their properties, by id, name or physical name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from lake_blueprints.contracts.standard.elements import Element

_KEYS = ("id", "name", "physicalName")


@frozen
class Target:
    """What a reference leads to.

    Parameters
    ----------
    contract: str, optional
        File of another contract. By default it is this one.
    object: mapping, optional
        The schema object, unless it is another contract's or unknown.
    path: tuple of str
        Its property, and those inside it; of another contract, or if the object is unknown, with the object first.
    """

    contract: str | None
    object: Element | None
    path: tuple[str, ...]


def find_target(reference: str, objects: Sequence[Element]) -> Target:
    """Follow a reference: `orders.id`, `schema/orders_id/properties/id_id`, either with `file.yaml#` before it."""
    contract, _, path = reference.rpartition("#")
    parts = path.strip("/").split("/")
    names = parts[1::2] if len(parts) > 1 else path.split(".")
    if contract:
        return Target(contract, None, tuple(names))
    for end in range(len(names), 0, -1):
        # Names of objects may hold dots themselves.
        if found := find(objects, ".".join(names[:end])):
            return Target(None, found, tuple(names[end:]))
    return Target(None, None, tuple(names))


def find(elements: Sequence[Element], name: str) -> Element | None:
    """Return the element of that id, else of that name, else of that physical name."""
    return next((element for key in _KEYS for element in elements if element.get(key) == name), None)


def elements_named(text: str, objects: Sequence[Element]) -> Iterator[tuple[str, Element | None]]:
    """Yield the schema object of each element in a list such as `orders.day, customers`; None if there is none.

    In a contract of one object, a property stands for it.
    """
    for name in filter(None, (part.strip() for part in text.split(","))):
        found = find_target(name, objects).object
        if found is None and len(objects) == 1 and find(objects[0].get("properties") or [], name):
            found = objects[0]
        yield name, found
