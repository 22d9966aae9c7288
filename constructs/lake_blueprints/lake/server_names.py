"""Names that the servers of contracts ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lake_blueprints.contracts import Dataset


def placed_database(datasets: Iterable[Dataset]) -> str | None:
    """Return the name that contracts ask for the database of curated tables, if they do.

    Raises
    ------
    ValueError
        If they ask for different names.
    """
    found: dict[str, str] = {}
    for dataset in datasets:
        for placement in dataset.placements:
            # Athena's servers call a database a schema.
            name = placement.properties.get({"glue": "database", "athena": "schema"}.get(placement.type, ""))
            if name:
                found.setdefault(str(name).lower(), dataset.name)
    if len(found) > 1:
        asked = " and ".join(f"'{name}' (for '{dataset}')" for name, dataset in found.items())
        raise ValueError(f"contracts ask for the databases {asked}, but a lake has one; leave 'placements' out")
    return next(iter(found), None)


def placed_prefix(dataset: Dataset) -> str | None:
    """Return the prefix that a contract asks for, in whatever bucket: buckets are the lake's own.

    It ends in the dataset's name, since a contract's servers hold all of its datasets.
    """
    for placement in dataset.placements:
        location = placement.properties.get("location") if placement.type in ("s3", "glue") else None
        found = re.match(r"s3a?://[^/]+/([^*{]*/)?", str(location or ""))
        if found and found[1]:
            folders = [folder for folder in found[1].split("/") if folder]
            if folders[-1:] != [dataset.name]:
                folders.append(dataset.name)
            return "/".join(folders) + "/"
    return None
