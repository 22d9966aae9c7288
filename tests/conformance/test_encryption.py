"""Encryption: a given key is used everywhere; without one, a construct makes one key and uses it everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.controls import OwnKey, control
from tests.conformance.subject import Resources, Subject, subjects

_KEY = re.compile(r"(?i)(aws)?kms_?(master)?_?key(_?id|_?arn|_?identifier)?|keyid|encryptionkey(arn|id)?")
TAKING = [pytest.param(one, id=one.sample.name) for one in subjects() if one.sample.takes("encryption_key")]


def keys_in(resources: Resources) -> list[str]:
    """Return the keys that resources are encrypted with, as their templates refer to them."""
    return [
        json.dumps(value, sort_keys=True)
        for resource in resources.values()
        for name, value in _walk(resource.get("Properties", {}))
        if _KEY.fullmatch(name) and not isinstance(value, bool)
    ]


def _walk(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            # Who may use which key is not what anything is encrypted with.
            if name not in {"PolicyDocument", "KeyPolicy"}:
                yield name, value
                yield from _walk(value)
    if isinstance(node, list):
        for item in node:
            yield from _walk(item)


def own_keys(resources: Resources) -> list[str]:
    return [logical_id for logical_id, resource in resources.items() if resource["Type"] == "AWS::KMS::Key"]


@pytest.mark.parametrize("subject", TAKING)
def test_the_given_key_is_used_everywhere(subject: Subject) -> None:
    assert own_keys(subject.alone) == []
    assert "GivenKey" in json.dumps(subject.alone)
    assert [key for key in keys_in(subject.alone) if "GivenKey" not in key] == []


@pytest.mark.parametrize("subject", TAKING)
def test_without_a_key_one_is_used_everywhere(subject: Subject) -> None:
    alone = subject.default.below(subject.plain)
    assert len(own_keys(alone)) <= 1
    assert len(set(keys_in(alone))) <= 1


def test_a_key_that_is_not_the_given_one_is_noticed() -> None:
    alone = control(OwnKey).alone
    assert len(own_keys(alone)) == 1
    assert len([key for key in keys_in(alone) if "GivenKey" not in key]) == 1


def test_two_keys_are_noticed_where_one_would_do() -> None:
    subject = control(OwnKey)
    alone = subject.default.below(subject.plain)
    assert len(own_keys(alone)) == len(set(keys_in(alone))) == 2
