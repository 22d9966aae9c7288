"""A search domain: private, encrypted, and with requests by which its administrator maps what was granted."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Size
from aws_cdk import aws_iam as iam

from lake_blueprints.databases.opensearch import SearchDomain
from lake_blueprints.foundation.network import LakeNetwork
from tests.support import properties, resources, template_of

DOMAIN = "AWS::OpenSearchService::Domain"


def role(stack: cdk.Stack, name: str) -> iam.Role:
    return iam.Role(stack, name, assumed_by=iam.AccountRootPrincipal())


def domain(stack: cdk.Stack, **options: Any) -> SearchDomain:
    return SearchDomain(stack, "Search", administrator=role(stack, "Administrator"), **options)


def test_it_is_private_and_encrypted_everywhere(stack: cdk.Stack) -> None:
    search = domain(stack)
    found = properties(template_of(stack), DOMAIN)
    assert found["AdvancedSecurityOptions"]["Enabled"] is True
    assert found["AdvancedSecurityOptions"]["InternalUserDatabaseEnabled"] is False
    assert found["EncryptionAtRestOptions"]["Enabled"] is True
    assert found["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert found["DomainEndpointOptions"] == {
        "EnforceHTTPS": True,
        "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
    }
    assert len(found["VPCOptions"]["SubnetIds"]) == 2
    assert found["EBSOptions"] == {"EBSEnabled": True, "VolumeSize": 20, "VolumeType": "gp3"}
    (statement,) = found["AccessPolicies"]["Statement"]
    assert statement["Principal"] == {"AWS": stack.resolve(search.administrator.role_arn)}


def test_nodes_are_in_three_zones_with_masters_of_their_own(stack: cdk.Stack) -> None:
    domain(stack, zones=3, nodes=6, masters=3, instance_type="r7g.large.search", volume_size=Size.gibibytes(100))
    cluster = properties(template_of(stack), DOMAIN)["ClusterConfig"]
    assert cluster == {
        "DedicatedMasterCount": 3,
        "DedicatedMasterEnabled": True,
        "DedicatedMasterType": "r7g.large.search",
        "InstanceCount": 6,
        "InstanceType": "r7g.large.search",
        "ZoneAwarenessConfig": {"AvailabilityZoneCount": 3},
        "ZoneAwarenessEnabled": True,
    }


def test_one_policy_lets_it_write_its_logs_unless_there_is_one(stack: cdk.Stack) -> None:
    domain(stack)
    assert len(resources(template_of(stack), "AWS::Logs::ResourcePolicy")) == 1
    other = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Other")
    domain(other, log_policy=False)
    assert resources(template_of(other), "AWS::Logs::ResourcePolicy") == []


def test_the_administrator_maps_what_was_granted(stack: cdk.Stack) -> None:
    search = domain(stack)
    reader, other, writer = (role(stack, name) for name in ("Reader", "Other", "Writer"))
    search.grant_search(reader, index="flights-*")
    search.grant_search(other, index="flights-*")
    search.grant_index(writer, index="flights-*")
    found = search.access_requests
    security = "_plugins/_security/api"
    assert found[f"{security}/rolesmapping/lake-search-flights-all"] == {
        "backend_roles": [reader.role_arn, other.role_arn]
    }
    assert found[f"{security}/rolesmapping/lake-index-flights-all"] == {"backend_roles": [writer.role_arn]}
    allowed = {"index_patterns": ["flights-*"], "allowed_actions": ["read", "indices:admin/mappings/get"]}
    assert found[f"{security}/roles/lake-search-flights-all"]["index_permissions"] == [allowed]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nodes": 3}, "'nodes' must be a multiple of the 2 'zones', got 3"),
        ({"volume_size": Size.gibibytes(5)}, "'volume_size' must be at least 10, got 5"),
        ({"zones": 4}, "'zones' of SearchDomain must be one of 2, 3, got 4"),
    ],
)
def test_what_opensearch_refuses_is_refused_at_the_call(
    stack: cdk.Stack, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        domain(stack, **options)


def test_a_network_needs_a_subnet_in_each_zone(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="must have an isolated subnet in each of 3 'zones', got 2 subnets"):
        domain(stack, zones=3, network=LakeNetwork(stack, "Network", az_count=2))
