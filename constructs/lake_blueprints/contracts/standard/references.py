"""Finding what a contract refers to: schema objects and their properties, by id, name or physical name."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import field, frozen

from lake_blueprints.contracts.standard.elements import Element

_MOST_DOTS = 5
_KEYS = ("id", "name", "physicalName")


@frozen
class Target:
    """Target of a reference.

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


@frozen
class Objects:
    """The schema objects that become datasets, found by what a contract may call them.

    Parameters
    ----------
    items: tuple of mapping
        In the contract's order.
    """

    items: tuple[Element, ...]
    _by_key: dict[str, dict[str, Element]] = field(init=False)

    @_by_key.default
    def _index(self) -> dict[str, dict[str, Element]]:
        # Reversed, so that the first of a name is found.
        return {key: {item[key]: item for item in reversed(self.items) if key in item} for key in _KEYS}

    def find(self, name: str) -> Element | None:
        """Return the object of that id, else of that name, else of that physical name."""
        return next((self._by_key[key][name] for key in _KEYS if name in self._by_key[key]), None)

    def follow(self, reference: str) -> Target:
        """Follow a reference: `orders.id`, `schema/orders_id/properties/id_id`, either with `file.yaml#` before it."""
        contract, _, path = reference.rpartition("#")
        parts = path.strip("/").split("/")
        names = parts[1::2] if len(parts) > 1 else path.split(".")
        if contract:
            return Target(contract, None, tuple(names))
        for end in range(min(len(names), _MOST_DOTS), 0, -1):
            # Names of objects may hold dots themselves: `server.database.schema.table`.
            if found := self.find(".".join(names[:end])):
                return Target(None, found, tuple(names[end:]))
        return Target(None, None, tuple(names))

    def named(self, text: str) -> Iterator[tuple[str, Element | None]]:
        """Yield the object of each element in a list such as `orders.day, customers`; None if there is none.

        In a contract of one object, a property stands for it.
        """
        for name in dict.fromkeys(filter(None, (part.strip() for part in text.split(",")))):
            found = self.follow(name).object
            if found is None and len(self.items) == 1 and find_property(self.items[0], name):
                found = self.items[0]
            yield name, found


def find_property(item: Element, name: str) -> Element | None:
    """Return the property of that id, else of that name, else of that physical name."""
    properties = item.get("properties") or []
    return next((prop for key in _KEYS for prop in properties if prop.get(key) == name), None)
