"""Removal: data is retained unless the construct asks for its destruction and the app's context agrees."""

from __future__ import annotations

import pytest

from lake_blueprints.foundation.removal import DESTROY_CONTEXT
from template_checks.pytest_plugin.stateful import STATEFUL_TYPES, kept
from tests.conformance.controls import Hasty, Stubborn, control
from tests.conformance.subject import Resources, Subject, subjects
from tests.support import warnings_of

# What is in them is on its way elsewhere.
_PASSING = {
    "AWS::DMS::ReplicationInstance",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
}
KEEPING = [pytest.param(one, id=one.sample.name) for one in subjects() if one.sample.takes("removal_policy")]


def lost(resources: Resources) -> list[str]:
    """Return what holds data and is deleted with its stack, or replaced without a trace."""
    return [
        f"{resource['Type']} {logical_id}"
        for logical_id, resource in resources.items()
        if resource["Type"] in STATEFUL_TYPES - _PASSING
        and not (kept(resource.get("DeletionPolicy", "")) and kept(resource.get("UpdateReplacePolicy", "")))
    ]


def retained(resources: Resources) -> list[str]:
    """Return what outlives its stack; a last snapshot is no resource."""
    return [
        f"{resource['Type']} {logical_id}"
        for logical_id, resource in resources.items()
        if resource.get("DeletionPolicy") in {"Retain", "RetainExceptOnCreate"}
    ]


def test_nothing_that_holds_data_is_deleted_by_default(subject: Subject) -> None:
    assert lost(subject.default.below(subject.plain)) == []


@pytest.mark.parametrize("subject", KEEPING)
def test_data_is_retained_if_only_the_construct_asks_for_its_destruction(subject: Subject) -> None:
    resources = subject.removal.below(subject.asked)
    assert lost(resources) == []
    assert retained(resources)
    assert any(DESTROY_CONTEXT in warning for warning in warnings_of(subject.asked))


@pytest.mark.parametrize("subject", KEEPING)
def test_data_is_deleted_if_construct_and_context_agree(subject: Subject) -> None:
    assert retained(subject.removal.below(subject.agreed)) == []
    assert [warning for warning in warnings_of(subject.agreed) if DESTROY_CONTEXT in warning] == []


def test_data_that_is_lost_by_one_switch_is_noticed() -> None:
    subject = control(Hasty)
    assert lost(subject.default.below(subject.plain))
    assert lost(subject.removal.below(subject.asked))


def test_data_that_stays_although_both_agree_is_noticed() -> None:
    subject = control(Stubborn)
    assert retained(subject.removal.below(subject.agreed))
