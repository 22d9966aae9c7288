"""Data access policies of a collection, one for each grant."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

from aws_cdk import Names, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchserverless as aoss
from constructs import Construct, IConstruct


def define_data_access(
    collection: Construct, name: str, grantee: iam.IGrantable, *, index: str, permissions: Sequence[str]
) -> Construct:
    """Define the policy that lets a role or user do something with indexes of a collection, and return it; once.

    It is defined in the stack of the role, since the role may name the collection: the other way round each stack
    would need the other.

    Raises
    ------
    ValueError
        If the grantee is a group.
    """
    principal: Any = grantee.grant_principal
    # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
    if hasattr(principal, "group_arn"):
        raise ValueError(
            f"data access of collection '{collection.node.path}' is granted to roles and users, got a group; grant it "
            "to a role"
        )
    arn = principal.role_arn if hasattr(principal, "role_arn") else principal.user_arn
    scope = Stack.of(cast(IConstruct, principal))
    unique = f"{collection.node.addr} {cast(IConstruct, principal).node.addr} {index} {' '.join(permissions)}"
    construct_id = f"DataAccess{hashlib.sha256(unique.encode()).hexdigest()[:16]}"
    if found := scope.node.try_find_child(construct_id):
        return cast(Construct, found)
    rules = [{"ResourceType": "index", "Resource": [f"index/{name}/{index}"], "Permission": list(permissions)}]
    place = Construct(scope, construct_id)
    aoss.CfnAccessPolicy(
        place,
        "Policy",
        name=unique_name(place, "access"),
        type="data",
        description=f"Data access to {name}",
        policy=scope.to_json_string([{"Principal": [arn], "Rules": rules}]),
    )
    return place


def unique_name(scope: Construct, kind: str) -> str:
    """Return a name of OpenSearch Serverless for a construct: a kind, and a hash of where it is."""
    return f"{kind}-{Names.unique_id(scope).lower()[-24:]}"[:32]
