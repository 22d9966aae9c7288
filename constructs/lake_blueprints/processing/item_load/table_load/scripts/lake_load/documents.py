"""Documents of an index of OpenSearch Serverless: one for each row.

Above 200 lines: Glue has no client of OpenSearch.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import random
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from pyspark.sql import Row

from lake_load.errors import LoadError

# Documents of one request, which should have a few MB at most.
BATCH = 1_000
# Of a request that is refused for a while; each waits twice as long as the one before, up to 30 seconds: a collection
# that was idle takes so long to answer.
ATTEMPTS = 10
LONGEST_WAIT = 30.0
SECONDS = 60.0
# Until a search finds what was written before: 10 seconds, and as long again.
SEARCHABLE = 20.0
PAGE = 10_000
# In the mapping's `_meta`: what the index holds.
NOTE = "lake_loaded"
# Digits that a number of JSON keeps.
DIGITS = 15


class Index:
    """An index of a collection, at its address, as the role of the job reaches it."""

    def __init__(self, endpoint: str, name: str, region: str | None) -> None:
        self.name = name
        self._host = urlsplit(endpoint).netloc
        self._session = boto3.Session(region_name=region)

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Send a request; return the status and the content of the answer."""
        url = f"https://{self._host}/{self.name}{path}"
        headers = {"Content-Type": "application/json", "X-Amz-Content-SHA256": hashlib.sha256(body).hexdigest()}
        request = AWSRequest(method, url, data=body, headers=headers)
        SigV4Auth(self._session.get_credentials(), "aoss", self._session.region_name).add_auth(request)
        connection = http.client.HTTPSConnection(self._host, timeout=SECONDS, context=ssl.create_default_context())
        try:
            connection.request(method, urlsplit(url).path, body=body, headers={**request.headers, "Host": self._host})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        try:
            return response.status, json.loads(content)
        except ValueError:
            return response.status, {"error": content.decode(errors="replace")[:1000]}

    def create(self, definition: dict[str, Any]) -> bool:
        """Create the index; one that is there gets the columns that it lacks. Tell whether it was there."""
        status, answer = self._patiently("PUT", "", json.dumps(definition).encode())
        there = status == http.client.BAD_REQUEST and "resource_already_exists" in json.dumps(answer)
        if there:
            status, answer = self._patiently("PUT", "/_mapping", json.dumps(definition["mappings"]).encode())
        if status != http.client.OK:
            raise LoadError(f"index '{self.name}' cannot be defined: {status} {json.dumps(answer.get('error'))}")
        return there

    def noted(self) -> str | None:
        """Return what is noted in the mapping: an index that was created again has no note."""
        answer = self._asked("GET", "/_mapping", None)
        # By the name of the index, which may differ from that of an alias.
        ((_, found),) = answer.items()
        return found["mappings"].get("_meta", {}).get(NOTE) or None

    def note(self, state: str | None) -> None:
        """Note what the index holds, or that this is not known."""
        self._asked("PUT", "/_mapping", {"_meta": {NOTE: state or ""}})

    def ids(self, keys: list[str]) -> Iterator[str]:
        """Yield the ids of all documents, in the order of the columns that they are made of."""
        after: dict[str, Any] = {}
        while True:
            asked = {"size": PAGE, "_source": False, "sort": [{key: "asc"} for key in keys], **after}
            hits = self._asked("POST", "/_search", asked)["hits"]["hits"]
            # Of those at the end of a full page the next may have more: dates of one millisecond are one to an order,
            # and so are long decimals, which are doubles there.
            last = hits[-1]["sort"] if len(hits) == PAGE else None
            before = [hit for hit in hits if hit["sort"] != last]
            yield from (hit["_id"] for hit in before)
            if last is None:
                return
            if not before:
                raise LoadError(
                    f"index '{self.name}' sorts {PAGE:,} documents or more as one; delete it, and load again"
                )
            after = {"search_after": before[-1]["sort"]}

    def delete(self, ids: list[str]) -> None:
        """Delete documents by their ids; those that are gone already are no error."""
        self._write([("delete", key, None) for key in ids])

    def put(self, documents: list[tuple[str, dict[str, Any]]]) -> None:
        """Put documents by their ids."""
        self._write([("index", key, document) for key, document in documents])

    def _asked(self, method: str, path: str, content: Any) -> dict[str, Any]:
        body = b"" if content is None else json.dumps(content).encode()
        status, answer = self._patiently(method, path, body)
        if status != http.client.OK:
            raise LoadError(f"index '{self.name}' answers {path[1:]} by {status} {json.dumps(answer.get('error'))}")
        return answer

    def _write(self, documents: list[tuple[str, str, dict[str, Any] | None]]) -> None:
        """Write documents, and those that the index is too busy for again, later and later."""
        attempt = 0
        while documents:
            lines = [
                line
                for verb, key, document in documents
                for line in ({verb: {"_id": key}}, *([] if document is None else [document]))
            ]
            status, answer = self._patiently(
                "POST", "/_bulk", "".join(f"{json.dumps(one)}\n" for one in lines).encode()
            )
            if status != http.client.OK:
                raise LoadError(f"index '{self.name}' takes no documents: {status} {json.dumps(answer.get('error'))}")
            items = [found for item in answer["items"] for found in item.values()]
            refused = [item for item in items if "error" in item and not _is_passing(item["status"])]
            if refused:
                # Not the reason, which may quote a value.
                kinds = sorted({item["error"]["type"] for item in refused})
                raise LoadError(f"index '{self.name}' refuses {len(refused)} documents: {', '.join(kinds)}")
            documents = [one for one, item in zip(documents, items, strict=True) if "error" in item]
            attempt += 1
            if documents and attempt == ATTEMPTS:
                raise LoadError(f"index '{self.name}' took none of {len(documents)} documents, at {ATTEMPTS} attempts")
            _wait(attempt if documents else 0)

    def _patiently(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        for attempt in range(1, ATTEMPTS):
            try:
                status, answer = self.ask(method, path, body)
                if not _is_passing(status):
                    return status, answer
            except (OSError, http.client.HTTPException):
                pass
            _wait(attempt)
        return self.ask(method, path, body)


def _is_passing(status: int) -> bool:
    return status == http.client.TOO_MANY_REQUESTS or status >= http.client.INTERNAL_SERVER_ERROR


def _wait(attempt: int) -> None:
    if attempt:
        time.sleep(random.uniform(0, min(LONGEST_WAIT, 0.2 * 2**attempt)))


def value_of(value: Any) -> Any:
    """Return a value as JSON has it; a number that is none becomes null."""
    match value:
        case dict():
            return {str(name): value_of(part) for name, part in value.items() if part is not None}
        case list():
            return [value_of(part) for part in value]
        case float():
            return value if isfinite(value) else None
    return scalar(value)


def scalar(value: Any) -> Any:
    """Return times in UTC, decimals as numbers as far as these keep every digit, and bytes in Base64."""
    match value:
        case Decimal():
            return float(value) if len(value.as_tuple().digits) <= DIGITS else str(value)
        case datetime():
            # Spark hands times over in the time zone of the worker; OpenSearch sorts by milliseconds and keeps all.
            unit = "microseconds" if value.microsecond % 1_000 else "milliseconds"
            return value.astimezone(UTC).isoformat(timespec=unit).replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bytes() | bytearray():
            return base64.b64encode(bytes(value)).decode()
    return value


def id_of(row: Mapping[str, Any], keys: list[str]) -> str:
    """Return the id of a document, of the values of its key; no other key has the same."""
    values = [str(value_of(row[key])) for key in keys]
    if len(values) > 1:
        values = [value.replace("\\", "\\\\").replace("|", "\\|") for value in values]
    return "|".join(values)


def document(row: Row, keys: list[str]) -> tuple[str, dict[str, Any]]:
    """Return a row as an id and a document, without the columns that are null."""
    found = row.asDict(recursive=True)
    return id_of(found, keys), {name: value_of(value) for name, value in found.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Documents:
    """An index, whose documents a load puts and deletes.

    Parameters
    ----------
    endpoint, name: str
        Address of the collection and name of the index.
    keys: list of str
        The columns of which ids are made.
    definition: dict
        The definition of the index.
    region: str, optional
        Region, which executors need not know.
    """

    endpoint: str
    name: str
    keys: list[str]
    definition: dict[str, Any] = field(default_factory=dict)
    region: str | None = None
    began: float = field(default_factory=time.time)

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Documents:
        return cls(
            endpoint=args["collection"],
            name=args["index"],
            keys=json.loads(args["keys"]),
            definition=json.loads(args["definition"]),
            region=boto3.Session().region_name,
        )

    def prepare(self) -> bool:
        return self._index().create(self.definition)

    def noted(self) -> str | None:
        return self._index().noted()

    def note(self, state: str | None) -> None:
        self._index().note(state)

    def key(self, row: Row) -> str:
        return id_of(row.asDict(recursive=True), self.keys)

    def put(self, rows: Iterator[Row]) -> Iterator[int]:
        index, count = self._index(), 0
        while batch := [document(row, self.keys) for row in islice(rows, BATCH)]:
            index.put(batch)
            count += len(batch)
        yield count

    def held(self, part: int, parts: int) -> Iterator[str]:
        if part == 0:
            # What a killed run has written was written before this one began.
            time.sleep(max(0.0, self.began + SEARCHABLE - time.time()))
            yield from self._index().ids(self.keys)

    def delete(self, keys: Iterator[str]) -> Iterator[int]:
        index, count = self._index(), 0
        while batch := [*islice(keys, BATCH)]:
            index.delete(batch)
            count += len(batch)
        yield count

    def _index(self) -> Index:
        return Index(self.endpoint, self.name, self.region)
