"""OpenSearch Serverless: the policies of collections, which are texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from template_checks.core.intrinsics import is_function
from template_checks.core.rule import Violation, rule
from template_checks.core.template import Node, Resource
from template_checks.core.values import matching, one_of, parsed, required

SECURITY: Final = "AWS::OpenSearchServerless::SecurityPolicy"
ACCESS: Final = "AWS::OpenSearchServerless::AccessPolicy"
LIFECYCLE: Final = "AWS::OpenSearchServerless::LifecyclePolicy"
_GUIDE: Final = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide"
_PERMISSIONS: Final = {
    "collection": (
        "CreateCollectionItems",
        "DeleteCollectionItems",
        "UpdateCollectionItems",
        "DescribeCollectionItems",
    ),
    "index": ("CreateIndex", "DeleteIndex", "UpdateIndex", "DescribeIndex", "ReadDocument", "WriteDocument"),
    "model": ("CreateMLResource", "DeleteMLResource", "UpdateMLResource", "DescribeMLResource", "ExecuteMLResource"),
}


def _policy(resource: Resource) -> Node | None:
    """Return the policy of a resource as JSON, with holes; None if it is none, or is not known."""
    node = resource.at("Policy")
    value: Any = node.value
    if isinstance(value, str) or (isinstance(value, dict) and "Fn::Join" in value):
        value = parsed(node.rendered)
    known = isinstance(value, dict | list) and not is_function(value)
    return Node(resource, "Properties.Policy", value) if known else None


@rule(
    "LAKE-SEARCH-006",
    SECURITY,
    ACCESS,
    LIFECYCLE,
    title="A policy of collections has the form of its type",
    fix="write an object with Rules for encryption and lifecycle, a list of such objects for network and data",
    source=f"{_GUIDE}/serverless-encryption.html",
)
def form(resource: Resource) -> Iterator[Violation]:
    """OpenSearch Serverless refuses others."""
    node, kind, policy = resource.at("Policy"), resource.at("Type").text, _policy(resource)
    if policy is None:
        if node.text is not None and not node.text.startswith("{{"):
            yield Violation(at=node, allowed="JSON")
        return
    wants_object = kind in {"encryption", "retention"}
    if kind in {"encryption", "retention", "network", "data"} and isinstance(policy.value, dict) != wants_object:
        form = "an object with Rules" if wants_object else "a list of objects with Rules"
        yield Violation(at=node, found="a list" if wants_object else "an object", allowed=f"{form} for {kind}")
        return
    for one in [policy] if wants_object else policy.items():
        rules = one.at("Rules")
        if not isinstance(rules.value, list) or not rules.value:
            yield Violation(at=rules, allowed="a list of rules")


@rule(
    "LAKE-SEARCH-007",
    SECURITY,
    title="Encryption and network of collections are decided",
    fix="set AWSOwnedKey or KmsARN for encryption, AllowFromPublic or SourceVPCEs for network",
    source=f"{_GUIDE}/serverless-network.html",
)
def security(resource: Resource) -> Iterator[Violation]:
    """OpenSearch Serverless refuses both and neither."""
    kind, policy = resource.at("Type").text, _policy(resource)
    if policy is None:
        return
    if kind == "encryption" and isinstance(policy.value, dict):
        owned, key = policy.at("AWSOwnedKey"), policy.at("KmsARN")
        if not key.present and (owned.flag is False or not owned.present):
            yield Violation(at=owned, allowed="true, or a key in KmsARN")
        if key.present and owned.flag:
            yield Violation(at=key, allowed="nothing with AWSOwnedKey")
    for one in policy.items() if kind == "network" and isinstance(policy.value, list) else ():
        public, endpoints = one.at("AllowFromPublic"), one.at("SourceVPCEs")
        inside = endpoints.present or one.at("SourceServices").present
        if public.flag and inside:
            yield Violation(at=public, allowed="false with SourceVPCEs or SourceServices")
        if not inside and (public.flag is False or not public.present):
            yield Violation(at=public, allowed="true, or endpoints in SourceVPCEs")
    for entry in policy.every("Rules"):
        for one in entry.items():
            kinds = ("collection",) if kind == "encryption" else ("collection", "dashboard")
            yield from one_of(one.at("ResourceType"), kinds)
            for name in one.at("Resource").items():
                yield from matching(
                    name, r"(collection|dashboard)/.+|\$\{.*", "collection/<name>, or collection/* for all"
                )


@rule(
    "LAKE-SEARCH-008",
    ACCESS,
    title="Data access is granted on resources, by permissions that they have",
    fix="write aoss:ReadDocument and the like on index/<collection>/<index>, for principals named by ARN",
    source=f"{_GUIDE}/serverless-data-access.html",
)
def data_access(resource: Resource) -> Iterator[Violation]:
    """OpenSearch Serverless refuses others."""
    policy = _policy(resource)
    for one in policy.items() if policy is not None and isinstance(policy.value, list) else ():
        yield from required(one.at("Principal"), "the ARNs of principals")
        for principal in one.at("Principal").items():
            yield from matching(
                principal, r"(arn:|\$\{|saml/|iamidentitycenter/).*", "the ARN of a role or user, or saml/..."
            )
        for entry in one.at("Rules").items():
            kind = entry.at("ResourceType").text or ""
            yield from one_of(entry.at("ResourceType"), tuple(_PERMISSIONS))
            allowed = ("aoss:*", *(f"aoss:{name}" for name in _PERMISSIONS.get(kind, ())))
            for permission in entry.at("Permission").items() if kind in _PERMISSIONS else ():
                yield from one_of(permission, allowed)
            for name in entry.at("Resource").items() if kind in _PERMISSIONS else ():
                form = rf"{kind}/[^/]+/.+" if kind != "collection" else r"collection/.+"
                yield from matching(
                    name, rf"{form}|\$\{{.*", f"{kind}/<collection>{'' if kind == 'collection' else '/<name>'}"
                )
