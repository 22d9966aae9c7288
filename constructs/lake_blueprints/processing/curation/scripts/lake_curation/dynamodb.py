"""Exports of DynamoDB: the data files of complete ones, and items as plain JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lake_curation.storage import Location, SourceObject

FORMAT = "dynamodb-json"
# DynamoDB writes it after the data files that it lists.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
_MANIFEST = "/manifest-files.json"
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def exported(source: Location, listed: Iterable[SourceObject]) -> Iterator[SourceObject]:
    """Yield the data files of the exports that have a manifest, and manifests that cannot be read."""
    objects = list(listed)
    files: set[str] = set()
    for item in objects:
        if is_manifest(item):
            try:
                files |= _data_files(source.read(item.key.removeprefix(source.prefix)))
            except ValueError:
                files.add(item.key)
    yield from (item for item in objects if item.key in files)


def is_manifest(item: SourceObject) -> bool:
    return item.key.endswith(_MANIFEST)


def _data_files(manifest: str) -> set[str]:
    try:
        return {str(json.loads(line)["dataFileS3Key"]) for line in manifest.splitlines()}
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(error) from None


def plain_items(lines: Column) -> Column:
    """Return the items of an export's lines as plain JSON."""
    return F.udf(plain, "string")(lines)


def plain(line: str | None) -> str | None:
    """Return the item of an export's line as plain JSON, numbers digit by digit; None if it has none."""
    try:
        record = json.loads(line or "")
        return _json({"M": record["Item"] if "Item" in record else record["NewImage"]})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _json(value: dict[str, Any]) -> str:
    ((kind, content),) = value.items()
    match kind:
        case "M":
            return "{" + ",".join(f"{json.dumps(name)}:{_json(part)}" for name, part in content.items()) + "}"
        case "L":
            return "[" + ",".join(map(_json, content)) + "]"
        case "N":
            return _number(content)
        case "NS":
            return "[" + ",".join(map(_number, content)) + "]"
        case "NULL":
            return "null"
        case "S" | "B" | "BOOL" | "SS" | "BS":
            return json.dumps(content)
    raise ValueError(kind)


def _number(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return text
