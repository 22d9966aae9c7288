"""LifecycleRule: S3's own rules, refused before S3 does."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration

from lake_blueprints.storage.s3 import LifecycleRule, StorageClass, Transition, Zone
from tests.support import resources, template_of

IA, ONEZONE, IR = StorageClass.STANDARD_IA, StorageClass.ONEZONE_IA, StorageClass.GLACIER_IR
TIERING, GLACIER, DEEP = StorageClass.INTELLIGENT_TIERING, StorageClass.GLACIER, StorageClass.DEEP_ARCHIVE


def rule(*moves: tuple[StorageClass, int], **options: Any) -> LifecycleRule:
    transitions = [Transition(storage_class=kind, after=Duration.days(days)) for kind, days in moves]
    return LifecycleRule(transitions=transitions, **options)


def rendered(stack: cdk.Stack, lifecycle: LifecycleRule) -> dict[str, Any]:
    Zone(stack, "Raw", lifecycle=[lifecycle])
    bucket = resources(template_of(stack), "AWS::S3::Bucket")[-1]
    found: dict[str, Any] = bucket["Properties"]["LifecycleConfiguration"]["Rules"][-1]
    return found


@pytest.mark.parametrize("kind", list(StorageClass))
def test_every_storage_class_can_be_moved_to(stack: cdk.Stack, kind: StorageClass) -> None:
    assert rendered(stack, rule((kind, 30)))["Transitions"] == [{"StorageClass": kind.value, "TransitionInDays": 30}]


def test_the_whole_waterfall_is_accepted(stack: cdk.Stack) -> None:
    found = rendered(stack, rule((IA, 30), (TIERING, 60), (IR, 90), (GLACIER, 180), (DEEP, 365), prefix="a/"))
    assert found["Prefix"] == "a/"
    assert [move["TransitionInDays"] for move in found["Transitions"]] == [30, 60, 90, 180, 365]


def test_intelligent_tiering_and_archives_may_begin_on_the_first_day() -> None:
    for kind in (TIERING, IR, GLACIER, DEEP):
        rule((kind, 0))


def test_a_rule_of_its_own_overrides_how_long_old_versions_stay(stack: cdk.Stack) -> None:
    found = rendered(stack, LifecycleRule(expire_after=Duration.days(9), noncurrent_expire_after=Duration.days(2)))
    assert found["NoncurrentVersionExpiration"] == {"NoncurrentDays": 2}
    assert found["ExpirationInDays"] == 9


def test_every_bucket_cleans_up_old_versions_and_unfinished_uploads(stack: cdk.Stack) -> None:
    Zone(stack, "Raw", noncurrent_expire_after=Duration.days(3), abort_uploads_after=Duration.days(2))
    bucket = resources(template_of(stack), "AWS::S3::Bucket")[-1]
    (found,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert found["NoncurrentVersionExpiration"] == {"NoncurrentDays": 3}
    assert found["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert "ExpirationInDays" not in found


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: rule((IA, 29)), "STANDARD_IA at an age of 30 days or more, got 29 days"),
        (lambda: rule((ONEZONE, 5)), "ONEZONE_IA at an age of 30 days or more, got 5 days"),
        (lambda: rule((IA, 30), (GLACIER, 59)), "30 days in STANDARD_IA: the move to GLACIER can be at 60 days"),
        (lambda: rule((GLACIER, 10), (IA, 60)), "cannot move from GLACIER to STANDARD_IA; they can move on to DEEP"),
        (lambda: rule((ONEZONE, 30), (IR, 90)), "cannot move from ONEZONE_IA to GLACIER_IR; they can move on to DEEP"),
        (
            lambda: rule((DEEP, 10), (DEEP, 60)),
            "cannot move from DEEP_ARCHIVE to .*nothing: it is the last",
        ),
        (lambda: rule((IR, 30), (GLACIER, 30)), "can be at 31 days or more, got 30 days"),
        (lambda: rule((IR, 30), expire_after=Duration.days(30)), "'expire_after' must be more than 30 days, got 30"),
        (lambda: LifecycleRule(expire_after=Duration.days(0)), "'expire_after' must be more than 0 days, got 0 days"),
        (lambda: LifecycleRule(prefix="/a"), "no leading slash, got '/a'; use 'a'"),
    ],
)
def test_refuses_what_s3_would_refuse(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_values_that_are_known_only_at_deployment_are_not_judged() -> None:
    token = Duration.days(cdk.Token.as_number({"Ref": "Days"}))
    LifecycleRule(transitions=[Transition(storage_class=IA, after=token)], expire_after=token)


def test_refuses_to_keep_versions_for_less_than_a_day() -> None:
    with pytest.raises(ValueError, match="'noncurrent_expire_after' must be at least 1 day, got 0 days"):
        LifecycleRule(noncurrent_expire_after=Duration.days(0))
