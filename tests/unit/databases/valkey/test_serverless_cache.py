"""A serverless cache: private, encrypted, and signed in to by roles alone."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.databases.valkey import ServerlessCache
from lake_blueprints.foundation.network import LakeNetwork
from tests.support import properties, resources, template_of

CACHE = "AWS::ElastiCache::ServerlessCache"


def test_it_is_of_valkey_under_a_key_and_with_limits(stack: cdk.Stack) -> None:
    cache = ServerlessCache(stack, "Features")
    found = properties(template_of(stack), CACHE)
    assert (found["Engine"], found["MajorEngineVersion"]) == ("valkey", "8")
    assert found["KmsKeyId"] == stack.resolve(cache.key.key_arn)
    assert found["CacheUsageLimits"] == {
        "DataStorage": {"Maximum": 1, "Unit": "GB"},
        "ECPUPerSecond": {"Maximum": 1000},
    }
    assert len(found["SubnetIds"]) == 3


def test_its_user_signs_in_by_iam_and_the_default_user_not_at_all(stack: cdk.Stack) -> None:
    cache = ServerlessCache(stack, "Features")
    template = template_of(stack)
    users = {one["Properties"]["UserName"]: one["Properties"] for one in resources(template, "AWS::ElastiCache::User")}
    own, default = users[cache.user_name], users["default"]
    assert (own["UserId"], own["AuthenticationMode"]) == (cache.user_name, {"Type": "iam"})
    assert default["AccessString"] == "off -@all"
    group = properties(template, "AWS::ElastiCache::UserGroup")
    assert len(group["UserIds"]) == 2
    (group_id,) = template["Resources"].keys() & {properties(template, CACHE)["UserGroupId"]["Ref"]}
    assert template["Resources"][group_id]["Type"] == "AWS::ElastiCache::UserGroup"


def test_a_role_may_sign_in_as_the_user_of_this_cache(stack: cdk.Stack) -> None:
    cache = ServerlessCache(stack, "Features")
    cache.grant_connect(iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()))
    (statement,) = properties(template_of(stack), "AWS::IAM::Policy")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "elasticache:Connect"
    assert statement["Resource"] == [stack.resolve(arn) for arn in (cache.cache_arn, cache.user_arn)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_storage": 0}, "'max_storage' must be 1 to 5000, got 0"),
        ({"max_units_per_second": 10}, "'max_units_per_second' must be 1000 to 15000000, got 10"),
        ({"snapshots_kept": 36}, "'snapshots_kept' must be 0 to 35, got 36"),
    ],
)
def test_limits_are_those_of_elasticache(stack: cdk.Stack, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ServerlessCache(stack, "Features", **options)  # type: ignore[arg-type]


def test_a_network_of_one_zone_is_refused(stack: cdk.Stack) -> None:
    with pytest.raises(ValueError, match="must have isolated subnets in two or three zones, got 1"):
        ServerlessCache(stack, "Features", network=LakeNetwork(stack, "Network", az_count=1))
