"""Snapshots: what a construct defines is what was accepted last, and nothing else is in the snapshot."""

from __future__ import annotations

from typing import Any

from syrupy.assertion import SnapshotAssertion

from lake_blueprints.storage.s3 import Zone
from tests.conformance.controls import control
from tests.conformance.subject import Resources, Subject

# Beyond that it is a composition, whose parts have snapshots of their own.
_LONGEST = 30


def readable(node: Any) -> Any:  # noqa: PLR0911 - one case per function
    """Return a part of a template with its intrinsics as text, in the words of `Fn::Sub`."""
    if isinstance(node, list):
        return [readable(item) for item in node]
    if not isinstance(node, dict):
        return node
    match node:
        case {"Ref": str(name)} if len(node) == 1:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
        case {"Fn::ImportValue": str(name)}:
            return f"${{{name.partition(':ExportsOutput')[2]}}}"
        case {"Fn::Join": [separator, [*parts]]}:
            return separator.join(map(str, map(readable, parts)))
    return {name: readable(value) for name, value in node.items()}


def outline(resources: Resources) -> object:
    """Return the resources of a construct, or the types of those of a composition."""
    if len(resources) <= _LONGEST:
        return readable(resources)
    return {logical_id: resource["Type"] for logical_id, resource in resources.items()}


def test_a_construct_defines_what_its_snapshot_says(subject: Subject, template_snapshot: SnapshotAssertion) -> None:
    assert outline(subject.alone) == template_snapshot


def test_what_a_construct_is_given_is_not_in_its_snapshot() -> None:
    zone = control(Zone)
    assert {resource["Type"] for resource in zone.alone.values()} == {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}
    given = {resource["Type"] for resource in zone.shared.template("Fixtures")["Resources"].values()}
    assert {"AWS::S3::Bucket", "AWS::KMS::Key"} <= given
