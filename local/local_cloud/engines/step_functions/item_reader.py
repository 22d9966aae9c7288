"""ItemReader: the items of a distributed Map state from objects in S3.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from local_cloud.engines.step_functions.errors import ITEM_READER_FAILED, StateError
from local_cloud.engines.step_functions.flow import Flow
from local_cloud.engines.step_functions.scope import Scope

DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
MOST_ITEMS = 100_000_000


def read_items(reader: dict[str, Any], flow: Flow, scope: Scope) -> list[Any]:
    """Return the items.

    Raises
    ------
    StateError
        `States.ItemReaderFailed` if the object cannot be read.
    """
    config = reader.get("ReaderConfig", {})
    arguments = flow.arguments(reader)
    most = flow.integer("MaxItems", body=config, least=-MOST_ITEMS, most=MOST_ITEMS)
    if most is not None and most < 0:
        raise StateError(ITEM_READER_FAILED, "field MaxItems must be positive")
    s3 = scope.machine.client("s3")
    try:
        if reader["Resource"].endswith(":s3:listObjectsV2"):
            items: Iterator[Any] = _listed(s3, arguments)
        else:
            items = _read(s3, arguments, config)
        return list(itertools.islice(items, most or MOST_ITEMS))
    except (ClientError, BotoCoreError) as error:
        message = error.response["Error"]["Message"] if isinstance(error, ClientError) else str(error)
        raise StateError(ITEM_READER_FAILED, message) from None
    except (ValueError, csv.Error, EOFError, OSError) as error:
        raise StateError(
            ITEM_READER_FAILED, f"The object cannot be read as {config.get('InputType')}: {error}"
        ) from None


def _listed(s3: Any, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for page in s3.get_paginator("list_objects_v2").paginate(**arguments):
        for found in page.get("Contents", []):
            yield {
                "Etag": found["ETag"],
                "Key": found["Key"],
                "LastModified": int(found["LastModified"].timestamp()),
                "Size": found["Size"],
                "StorageClass": found.get("StorageClass", "STANDARD"),
            }


def _read(s3: Any, arguments: dict[str, Any], config: dict[str, Any]) -> Iterator[Any]:
    body = s3.get_object(**arguments)["Body"].read()
    if config["InputType"] == "MANIFEST":
        return _inventory(s3, json.loads(body))
    text = body.decode("utf-8-sig")
    if config["InputType"] == "JSON":
        return _array(text, config.get("ItemsPointer", ""))
    if config["InputType"] == "JSONL":
        return (json.loads(line) for line in text.splitlines() if line.strip())
    return _rows(text, config)


def _array(text: str, pointer: str) -> Iterator[Any]:
    node = json.loads(text)
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            node = node[int(key)] if isinstance(node, list) else node[key]
        except (KeyError, IndexError, ValueError, TypeError):
            raise StateError(ITEM_READER_FAILED, f"ItemsPointer '{pointer}' leads to nothing in the object.") from None
    if not isinstance(node, list):
        raise StateError(ITEM_READER_FAILED, "Attempting to map over non-iterable node.")
    return iter(node)


def _rows(text: str, config: dict[str, Any]) -> Iterator[dict[str, str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[config.get("CSVDelimiter", "COMMA")])
    headers = config["CSVHeaders"] if config["CSVHeaderLocation"] == "GIVEN" else next(rows, [])
    if len(set(headers)) < len(headers):
        raise StateError(ITEM_READER_FAILED, "CSV headers cannot contain duplicates.")
    return (dict(zip(headers, [*row, *[""] * len(headers)], strict=False)) for row in rows if row)


def _inventory(s3: Any, manifest: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the rows of the files that an S3 inventory lists."""
    if manifest.get("fileFormat") != "CSV":
        raise StateError(
            ITEM_READER_FAILED, f"inventories in the format {manifest.get('fileFormat')} are not supported"
        )
    columns = [column.strip() for column in manifest["fileSchema"].split(",")]
    bucket = manifest["destinationBucket"].rpartition(":")[2]
    for each in manifest["files"]:
        data = gzip.decompress(s3.get_object(Bucket=bucket, Key=each["key"])["Body"].read()).decode()
        for row in csv.reader(io.StringIO(data, newline="")):
            item = dict(zip(columns, row, strict=False))
            # Keys of an inventory are encoded as in URLs.
            yield {**item, "Key": unquote_plus(item["Key"])}
