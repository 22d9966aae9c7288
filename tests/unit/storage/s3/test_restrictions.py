"""Restricted prefixes: who may read which objects, by evaluating the policies of the template as IAM does."""

from __future__ import annotations

import json
import re
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam

from lake_blueprints.foundation.access import ServiceRole
from lake_blueprints.storage.s3 import Zone
from tests.policies import flat, may_read, statements
from tests.support import assert_passes_the_gates, new_stack, resources, template_of, warnings_of


def role(stack: cdk.Stack, name: str = "Reader") -> iam.Role:
    return iam.Role(stack, name, assumed_by=iam.AccountRootPrincipal())


def service_role(stack: cdk.Stack, name: str = "Reader") -> ServiceRole:
    return ServiceRole(stack, name, services=["glue.amazonaws.com"], description="Reads")


@pytest.mark.parametrize("reader", [role, service_role])
@pytest.mark.parametrize("first", ["grant", "restriction"])
@pytest.mark.parametrize("prefix", [None, "fl", "flights/"])
def test_a_plain_grant_does_not_reach_restricted_objects(
    stack: cdk.Stack, reader: Any, first: str, prefix: str | None
) -> None:
    zone, who = Zone(stack, "Zone"), reader(stack)
    if first == "restriction":
        zone.restrict("flights/", columns=["tail"])
    zone.grant_read(who, prefix=prefix)
    if first == "grant":
        zone.restrict("flights/", columns=["tail"])
    assert not may_read(stack, zone, "flights/part-0.parquet")
    assert may_read(stack, zone, "flown/part-0.parquet") is (prefix != "flights/")


def test_the_evaluation_sees_what_a_zone_without_restrictions_allows(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.grant_read(role(stack))
    assert may_read(stack, zone, "flights/part-0.parquet")


@pytest.mark.parametrize("reader", [role, service_role])
@pytest.mark.parametrize("plain_first", [True, False])
def test_an_explicit_grant_survives_a_plain_one(stack: cdk.Stack, reader: Any, plain_first: bool) -> None:
    zone, who = Zone(stack, "Zone"), reader(stack)
    zone.restrict("flights/", columns=["tail"])
    zone.restrict("crews/", columns=["name"])
    for plain in (plain_first, not plain_first):
        if plain:
            zone.grant_read(who)
        else:
            zone.grant_read(who, prefix="flights/", restricted=True)
    assert may_read(stack, zone, "flights/part-0.parquet")
    assert not may_read(stack, zone, "crews/part-0.parquet")


def test_a_denial_of_nothing_is_still_a_valid_statement(stack: cdk.Stack) -> None:
    zone, who = Zone(stack, "Zone"), role(stack)
    zone.restrict("flights/", columns=["tail"])
    zone.grant_read(who)
    zone.grant_read(who, prefix="flights/", restricted=True)
    (denial,) = [s for s in statements(stack) if s["Effect"] == "Deny"]
    assert flat(denial["Resource"]).endswith(">/")
    assert may_read(stack, zone, "flights/part-0.parquet")


def test_reading_and_writing_is_as_restricted_as_reading(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.restrict("flights/", columns=["tail"])
    zone.grant_read_write(role(stack))
    assert not may_read(stack, zone, "flights/part-0.parquet")


def test_objects_without_catalog_are_as_restricted(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.restrict("flights/", columns=["tail"])
    zone.grant_objects(role(stack), prefix="flights/")
    assert not may_read(stack, zone, "flights/part-0.parquet")


def test_a_writer_needs_no_denial(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.restrict("flights/", columns=["tail"])
    zone.grant_write(role(stack))
    assert {s["Effect"] for s in statements(stack)} == {"Allow"}


def test_nothing_is_denied_where_nothing_is_restricted(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.restrict("flights/", columns=[])
    zone.grant_read(role(stack))
    assert {s["Effect"] for s in statements(stack)} == {"Allow"}


def test_who_has_no_policy_of_their_own_is_denied_by_the_bucket(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.grant_read(iam.AccountPrincipal("123456789012"))
    zone.restrict("flights/", columns=["tail"])
    policy = resources(template_of(stack), "AWS::S3::BucketPolicy")[-1]["Properties"]["PolicyDocument"]["Statement"]
    (denial,) = [s for s in policy if s["Effect"] == "Deny" and s["Action"] == "s3:GetObject"]
    assert "123456789012" in json.dumps(denial["Principal"])
    assert flat(denial["Resource"]).endswith("/flights/*")


def test_a_grant_of_nothing_but_restricted_data_warns(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.restrict("flights/", columns=["tail"])
    zone.grant_read(role(stack), prefix="flights/month=1/")
    (warning,) = warnings_of(stack)
    assert "'flights/month=1/' reads nothing: 'flights/' holds the restricted columns tail" in warning


@pytest.mark.parametrize("reader", [role, service_role])
def test_hundreds_of_restricted_prefixes_fit_into_policies(stack: cdk.Stack, reader: Any) -> None:
    zone = Zone(stack, "Zone")
    zone.grant_read(reader(stack))
    names = [f"a_dataset_with_a_name_of_fifty_characters_and_{number:04}" for number in range(300)]
    for name in names:
        zone.restrict(f"{name}/", columns=["x"])
    for name in (names[0], names[-1]):
        assert not may_read(stack, zone, f"{name}/part-0.parquet")
    # As deployed: the longest bucket name, and 6,144 characters in a managed policy, 10,240 in those of a role itself.
    template = template_of(stack)
    for kind, longest in (("AWS::IAM::ManagedPolicy", 6_144), ("AWS::IAM::Policy", 10_240)):
        for policy in resources(template, kind):
            text = json.dumps(policy["Properties"]["PolicyDocument"], separators=(",", ":"))
            assert len(re.sub(r'\{"Fn::Join":\["",\[\{.*?\},"(.*?)"\]\]\}', r"%s\1" % ("b" * 76), text)) <= longest


@pytest.mark.parametrize("minimised", [True, False])
def test_works_with_minimised_policies(minimised: bool) -> None:
    stack = new_stack({"@aws-cdk/aws-iam:minimizePolicies": minimised})
    zone = Zone(stack, "Zone")
    zone.grant_read(role(stack))
    zone.restrict("flights/", columns=["tail"])
    assert not may_read(stack, zone, "flights/x")
    assert may_read(stack, zone, "weather/x")


def test_a_grant_in_another_stack_is_restricted_as_well() -> None:
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    first, second = cdk.Stack(app, "First"), cdk.Stack(app, "Second")
    zone = Zone(first, "Zone")
    zone.grant_read(role(second))
    zone.restrict("flights/", columns=["tail"])
    (policy,) = resources(template_of(second), "AWS::IAM::Policy")
    (denial,) = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert flat(denial["Resource"]).endswith("/flights/*")


def test_passes_the_gates() -> None:
    def build(stack: cdk.Stack, name: str) -> None:
        zone = Zone(stack, name)
        zone.restrict("flights/", columns=["tail"])
        zone.grant_read(service_role(stack, f"{name}Role"))

    assert_passes_the_gates(build)


def bucket_denials(stack: cdk.Stack) -> list[dict[str, Any]]:
    policy = resources(template_of(stack), "AWS::S3::BucketPolicy")[-1]["Properties"]["PolicyDocument"]["Statement"]
    return [one for one in policy if one["Effect"] == "Deny" and one["Action"] == "s3:GetObject"]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("kind", ["role", "user"])
def test_a_role_or_user_of_another_account_is_kept_out_by_the_bucket(kind: str, before: bool) -> None:
    """The CDK says of these that it had added the denial to their own policies, which it cannot."""
    stack = cdk.Stack(
        cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False),
        "Stack",
        env=cdk.Environment(account="111122223333"),
    )
    arn = f"arn:aws:iam::444455556666:{kind}/stranger"
    imported: dict[str, Any] = {"role": iam.Role.from_role_arn, "user": iam.User.from_user_arn}
    zone, stranger = Zone(stack, "Zone"), imported[kind](stack, "Stranger", arn)
    if before:
        zone.restrict("flights/", columns=["tail"])
    zone.grant_read(stranger)
    zone.restrict("flights/", columns=["tail"])
    (denial,) = bucket_denials(stack)
    assert denial["Principal"] == {"AWS": arn}
    assert flat(denial["Resource"]).endswith("/flights/*")


def test_a_service_is_kept_out_under_the_same_condition(stack: cdk.Stack) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    zone = Zone(stack, "Zone")
    zone.grant_read(iam.ServicePrincipal("delivery.logs.amazonaws.com", conditions=condition))
    zone.restrict("flights/", columns=["tail"])
    (denial,) = bucket_denials(stack)
    assert (denial["Principal"], denial["Condition"]) == ({"Service": "delivery.logs.amazonaws.com"}, condition)


@pytest.mark.parametrize("before", [True, False])
def test_an_organization_is_refused_what_holds_restricted_data(stack: cdk.Stack, before: bool) -> None:
    """To deny it the prefix would keep the lake's own jobs out, whose account may be one of its accounts."""
    zone, organization = Zone(stack, "Zone"), iam.OrganizationPrincipal("o-abcdefghij")
    if before:
        zone.restrict("flights/", columns=["tail"])
    else:
        zone.grant_read(organization)
    with pytest.raises(ValueError, match="OrganizationPrincipal cannot be granted '', since 'flights/' holds"):
        if before:
            zone.grant_read(organization)
        else:
            zone.restrict("flights/", columns=["tail"])


def test_an_organization_may_read_other_prefixes(stack: cdk.Stack) -> None:
    zone = Zone(stack, "Zone")
    zone.restrict("flights/", columns=["tail"])
    zone.grant_read(iam.OrganizationPrincipal("o-abcdefghij"), prefix="weather/")
    assert bucket_denials(stack) == []
