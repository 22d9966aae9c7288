"""Contents of a server: index templates, indexes and their documents, as they are kept between two starts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_PAGE = 1_000
# What a server sets by itself, and takes from nobody.
_OWN_SETTINGS = frozenset({"creation_date", "provided_name", "uuid", "version"})

_Call = Callable[..., Any]


def read_contents(call: _Call) -> dict[str, Any]:
    """Return everything that a server holds."""
    indexes = call("GET", "/_all?expand_wildcards=all")
    return {
        "templates": {one["name"]: one["index_template"] for one in call("GET", "/_index_template")["index_templates"]},
        "indexes": {name: _definition(found) for name, found in indexes.items()},
        "documents": {name: list(_documents(call, name)) for name in indexes},
    }


def write_contents(contents: Mapping[str, Any], call: _Call) -> None:
    """Give a new server what `read_contents` has returned."""
    for name, template in contents["templates"].items():
        call("PUT", f"/_index_template/{name}", _json(template))
    for name, definition in contents["indexes"].items():
        call("PUT", f"/{name}", _json(definition))
        documents = contents["documents"][name]
        for first in range(0, len(documents), _PAGE):
            lines = [_json(line) for document in documents[first : first + _PAGE] for line in document]
            call("POST", f"/{name}/_bulk", b"\n".join([*lines, b""]), "application/x-ndjson")
    call("POST", "/_refresh")


def _definition(found: Mapping[str, Any]) -> dict[str, Any]:
    settings = {name: value for name, value in found["settings"]["index"].items() if name not in _OWN_SETTINGS}
    return {"settings": {"index": settings}, "mappings": found["mappings"], "aliases": found["aliases"]}


def _documents(call: _Call, index: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the two lines of a bulk request for each document."""
    call("POST", f"/{index}/_refresh")
    page = call("POST", f"/{index}/_search?scroll=1m", _json({"size": _PAGE, "query": {"match_all": {}}}))
    while hits := page["hits"]["hits"]:
        for hit in hits:
            routing = {"routing": hit["_routing"]} if "_routing" in hit else {}
            yield {"index": {"_id": hit["_id"], **routing}}, hit["_source"]
        page = call("POST", "/_search/scroll", _json({"scroll": "1m", "scroll_id": page["_scroll_id"]}))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
