"""Exclusions and partitions of the paths that a crawler reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from urllib.parse import unquote

from local_cloud.engines.glue.crawler.classifiers import Column
from local_cloud.errors import LocalCloudError


def glob(pattern: str) -> re.Pattern[str]:
    """In an exclusion, `*` stays within a folder and `**` crosses folders."""
    parts = re.split(r"(\*\*/?|\*|\?)", pattern)
    known = {"**": ".*", "**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part) or translate(part)[4:-3] for part in parts))


def partitions_below(location: str, uris: Sequence[str]) -> tuple[list[Column], dict[tuple[str, ...], str]]:
    """Return partition columns and the location of each partition, from the folders below a table's location."""
    folders = sorted({uri[len(location) :].rpartition("/")[0] for uri in uris})
    levels = [folder.split("/") if folder else [] for folder in folders]
    if len({len(parts) for parts in levels}) > 1:
        raise LocalCloudError(f"{location} holds files at different depths: one table cannot have them all")
    keys: list[Column] = []
    plain = 0
    for segments in zip(*levels, strict=True):
        names = {segment.partition("=")[0].lower() if "=" in segment else None for segment in segments}
        name = names.pop() if len(names) == 1 else None
        if name is None:
            name, plain = f"partition_{plain}", plain + 1
        keys.append((name, "string"))
    named = [not key.startswith("partition_") for key, _ in keys]
    values = [
        tuple(
            unquote(part.partition("=")[2]) if is_named else part for part, is_named in zip(parts, named, strict=True)
        )
        for parts in levels
    ]
    if not keys:
        return [], {}
    return keys, {value: f"{location}{folder}/" for value, folder in zip(values, folders, strict=True)}
