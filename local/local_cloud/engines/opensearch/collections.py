"""Collections of OpenSearch Serverless: the requests that they take, and the permission that each of them needs.

Source: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-genref.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from local_cloud.engines.opensearch.gate import Asked, Refusal

_INDEX = r"(?P<index>[^/_][^/]*)"
_NAME = r"[^/]+"
# By permission: methods and paths.
_OPERATIONS = (
    ("CreateIndex", "PUT", _INDEX),
    ("DeleteIndex", "DELETE", _INDEX),
    ("DescribeIndex", "GET HEAD", _INDEX),
    ("DescribeIndex", "GET", rf"{_INDEX}/(_mappings?|_settings?)(/{_NAME})?"),
    ("DescribeIndex", "GET", rf"_cat/indices(/{_NAME})?|_mappings?|_resolve/index/{_NAME}"),
    ("UpdateIndex", "PUT POST", rf"{_INDEX}/(_mappings?|_settings?)|_mappings?|_settings?(/{_NAME})?"),
    ("WriteDocument", "POST", rf"{_INDEX}/(_bulk|_doc)|_bulk"),
    ("WriteDocument", "DELETE", rf"{_INDEX}/_doc/{_NAME}"),
    ("WriteDocument", "PUT POST", rf"{_INDEX}/(?P<search>_create|_doc|_update)/{_NAME}"),
    ("ReadDocument", "GET HEAD", rf"{_INDEX}/(_doc|_source|_explain)/{_NAME}"),
    ("ReadDocument", "GET POST", rf"({_INDEX}/)?(_analyze|_count|_field_caps|_mget|_msearch|_rank_eval|_search)"),
    ("ReadDocument", "GET POST", rf"{_INDEX}/(_explain/{_NAME}|_validate/query|_search/point_in_time)"),
    ("ReadDocument", "DELETE", r"_search/point_in_time(/_all)?"),
    ("DescribeCollectionItems", "GET HEAD", rf"({_INDEX}/)?_alias(es)?(/{_NAME})?|_cat/(aliases|templates)"),
    ("DescribeCollectionItems", "GET HEAD", rf"_(index|component)_template(/{_NAME})?"),
    ("UpdateCollectionItems", "PUT POST", rf"_aliases|{_INDEX}/_alias(es)?/{_NAME}"),
    ("UpdateCollectionItems", "PUT POST", rf"_(index|component)_template/{_NAME}"),
    ("DeleteCollectionItems", "DELETE", rf"{_INDEX}/_alias(es)?/{_NAME}|_(index|component)_template/{_NAME}"),
)
_TABLE = [(permission, methods.split(), re.compile(path)) for permission, methods, path in _OPERATIONS]
_FORBIDDEN, _NOT_FOUND = 403, 404


def refuse(asked: Asked, *, name: str, kind: str, policies: Iterable[Any]) -> Refusal | None:
    """Refuse what collections do not take, and what no data access policy allows to the role that asks.

    Parameters
    ----------
    asked: Asked
        The request.
    name: str
        Name of the collection.
    kind: str
        Its type.
    policies: Iterable
        The data access policies of the Region.
    """
    path = asked.path.strip("/")
    if not path:
        return None
    found = next(
        (
            (permission, match)
            for permission, methods, pattern in _TABLE
            if asked.method in methods and (match := pattern.fullmatch(path))
        ),
        None,
    )
    if found is None:
        return Refusal(status=_NOT_FOUND, content={"status": _NOT_FOUND, "error": {"reason": "404 Not Found"}})
    permission, match = found
    parts = match.groupdict()
    if kind != "SEARCH" and (parts.get("search") or (b'"_id"' in asked.body and path.endswith("_bulk"))):
        reason = "Document ID is not supported in create/index operation request"
        error = {"type": "illegal_argument_exception", "reason": reason}
        return Refusal(status=400, content={"error": {"root_cause": [error], **error}, "status": 400})
    if asked.role is None or _allowed(asked.role, permission, name, parts.get("index") or "*", policies):
        return None
    error = {"type": "Forbidden", "reason": "403 Forbidden"}
    return Refusal(status=_FORBIDDEN, content={"status": _FORBIDDEN, "error": error})


def _allowed(role: str, permission: str, collection: str, index: str, policies: Iterable[Any]) -> bool:
    kind = "collection" if permission.endswith("CollectionItems") else "index"
    resource = f"{kind}/{collection}" if kind == "collection" else f"{kind}/{collection}/{index}"
    return any(
        _covers(rule, kind, permission, resource)
        for policy in policies
        for entry in policy
        if role in entry["Principal"]
        for rule in entry["Rules"]
    )


def _covers(rule: Mapping[str, Any], kind: str, permission: str, resource: str) -> bool:
    allowed = rule["Permission"]
    # A request for all indexes is allowed as far as any of them is.
    return (
        rule["ResourceType"] == kind
        and ("aoss:*" in allowed or f"aoss:{permission}" in allowed)
        and any(fnmatchcase(resource, given) or fnmatchcase(given, resource) for given in rule["Resource"])
    )
