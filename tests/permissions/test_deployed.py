"""Requests that follow from a permission, and those that it must not allow."""

from __future__ import annotations

from typing import Any

import pytest

from lake_blueprints.foundation.access import Permission
from tests.permissions import authorization
from tests.permissions.deployed import (
    DeployedPermission,
    denied,
    matches,
    other_actions,
    other_contexts,
    other_resources,
)

HERE = "eu-central-1:111122223333"
BUCKET = "arn:aws:s3:::lake"
TABLES = f"arn:aws:glue:{HERE}:table/raw"
GROUP = f"arn:aws:logs:{HERE}:log-group:/aws-glue/jobs"
PREFIX = {"StringLike": {"s3:prefix": ["flights/*"]}}
PASSED = {"StringEquals": {"iam:PassedToService": ["glue.amazonaws.com"]}}
OURS = {"ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{HERE}:log-group:*"]}}


def on(*resources: str, action: str = "s3:GetObject", conditions: Any = None) -> DeployedPermission:
    permission = Permission(actions=(action,), on=resources, because="reads", sources=("https://docs.aws.amazon.com/",))
    return DeployedPermission(permission=permission, on=resources, conditions=conditions or {}, contexts=({},))


@pytest.mark.parametrize(
    ("action", "resource", "requested"),
    [
        ("s3:GetObject", f"{BUCKET}/flights/*", [f"{BUCKET}/flights/a/first.parquet", f"{BUCKET}/flights/z"]),
        ("glue:GetTable", f"{TABLES}/found_*", [f"{TABLES}/found_one"]),
        ("logs:PutLogEvents", f"{GROUP}:*", [f"{GROUP}:log-stream:one"]),
        ("logs:PutLogEvents", f"{GROUP}/*", [f"{GROUP}/one:log-stream:one"]),
        ("logs:CreateLogGroup", f"{GROUP}:*", [f"{GROUP}:log-stream:"]),
        (
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{HERE}:secret:admin-??????",
            [f"arn:aws:secretsmanager:{HERE}:secret:admin-AbCdEf"],
        ),
        ("cloudwatch:PutMetricData", "*", ["*"]),
    ],
)
def test_requests_are_examples_of_what_a_wildcard_stands_for(action: str, resource: str, requested: list[str]) -> None:
    found = [asked for _, asked, _ in on(resource, action=action).requests()]
    assert found == requested
    assert all(matches(resource, one) and authorization.fits(action, one) for one in found)


def test_requests_have_the_values_that_conditions_ask_for() -> None:
    listed = on(BUCKET, action="s3:ListBucket", conditions=PREFIX)
    assert [context for *_, context in listed.requests()] == [{"s3:prefix": "flights/"}, {"s3:prefix": "flights/a/"}]


def test_the_actions_of_a_pattern_are_those_that_aws_has() -> None:
    data_keys = ["GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"]
    key = on(f"arn:aws:kms:{HERE}:key/lake", action="kms:GenerateDataKey*")
    assert key.actions == [f"kms:{name}" for name in (*data_keys, "GenerateDataKeyWithoutPlaintext")]


@pytest.mark.parametrize(
    ("action", "resource", "neighbours"),
    [
        (
            "s3:GetObject",
            f"{BUCKET}/flights/*",
            [f"{BUCKET}/flights-other/a/first.parquet", f"{BUCKET}/flights-other/z", f"{BUCKET}/other/object"],
        ),
        ("glue:GetTable", f"{TABLES}/found_*", [f"{TABLES}/another"]),
        ("glue:GetTable", f"{TABLES}/*", [f"{TABLES}-other/one"]),
        ("glue:GetTable", f"{TABLES}/flights", [f"{TABLES}/flights-other"]),
        ("glue:GetTable", f"arn:aws:glue:{HERE}:catalog", []),
        ("kinesis:GetRecords", f"arn:aws:kinesis:{HERE}:stream/one", [f"arn:aws:kinesis:{HERE}:stream/one-other"]),
        ("cloudwatch:PutMetricData", "*", []),
    ],
)
def test_neighbours_of_a_resource_are_denied(action: str, resource: str, neighbours: list[str]) -> None:
    permission = on(resource, action=action)
    assert [asked for _, asked, _ in denied([permission], other_resources([permission]))] == neighbours


def test_all_other_actions_on_the_same_kind_of_resource_are_denied() -> None:
    permissions = [on(f"{BUCKET}/flights/*"), on(f"{BUCKET}/flights/*", action="s3:PutObject")]
    actions = {action for action, *_ in denied(permissions, other_actions(permissions))}
    assert {"s3:DeleteObject", "s3:PutObjectAcl", "s3:GetObjectVersion"} < actions
    assert not actions & {"s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteBucket"}


@pytest.mark.parametrize(
    ("action", "conditions", "broken"),
    [
        ("iam:PassRole", PASSED, [{}, {"iam:PassedToService": "glue.amazonaws.com-other"}]),
        (
            "kms:Decrypt",
            OURS,
            [{}, {"aws:SourceArn": "arn:aws:logs:eu-central-1:444455556666:log-group:one"}],
        ),
        (
            "kms:CreateGrant",
            {"Bool": {"kms:GrantIsForAWSResource": ["true"]}},
            [{}, {"kms:GrantIsForAWSResource": "false"}],
        ),
    ],
)
def test_requests_without_the_values_that_conditions_ask_for_are_denied(
    action: str, conditions: Any, broken: list[dict[str, str]]
) -> None:
    permission = on(f"arn:aws:iam::{HERE[-12:]}:role/one", action=action, conditions=conditions)
    assert [context for *_, context in denied([permission], other_contexts([permission]))] == broken


def test_what_another_permission_is_for_is_not_denied() -> None:
    one, whole = on(f"{BUCKET}/flights/*"), on(f"{BUCKET}/*")
    assert denied([one, whole], other_resources([one])) == []
