"""Overlap of two ARNs with wildcards."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from template_checks.core.template import Node, Resource

# Any text, and the name of a bucket: any text without a slash.
_ANY: Final = "*"
_NAME: Final = "\x01"
# What a hole of a documented ARN can be: not everything can be empty.
_PATTERNS: Final = {"BucketName": _NAME, "Region": f"?{_ANY}", "Account": f"?{_ANY}"}
_DYNAMIC: Final = re.compile(r"\{\{resolve:.*?\}\}")
_HOLE: Final = re.compile(r"\$\{([^}]*)\}")
_ARNS: Final = {
    ("AWS::S3::Bucket", "Arn"): f"arn:*:s3:::{_NAME}",
    ("AWS::Kinesis::Stream", "Arn"): "arn:*:kinesis:*:*:stream/*",
    ("AWS::KinesisFirehose::DeliveryStream", "Arn"): "arn:*:firehose:*:*:deliverystream/*",
    ("AWS::KMS::Key", "Arn"): "arn:*:kms:*:*:key/*",
    ("AWS::Lambda::Function", "Arn"): "arn:*:lambda:*:*:function:*",
    ("AWS::StepFunctions::StateMachine", ""): "arn:*:states:*:*:stateMachine:*",
    ("AWS::StepFunctions::StateMachine", "Arn"): "arn:*:states:*:*:stateMachine:*",
    ("AWS::SNS::Topic", ""): "arn:*:sns:*:*:*",
    ("AWS::SNS::Topic", "TopicArn"): "arn:*:sns:*:*:*",
    ("AWS::SQS::Queue", "Arn"): "arn:*:sqs:*:*:*",
    ("AWS::DynamoDB::Table", "Arn"): "arn:*:dynamodb:*:*:table/*",
    ("AWS::SecretsManager::Secret", ""): "arn:*:secretsmanager:*:*:secret:*",
    ("AWS::IAM::Role", "Arn"): "arn:*:iam::*:role/*",
    ("AWS::Logs::LogGroup", "Arn"): "arn:*:logs:*:*:log-group:*",
}


def arn_of(node: Node) -> str:
    """Return an ARN with `*` for what is not known of it, and for wildcards of its own."""
    target = node.target
    text = node.rendered
    if target is not None:
        text = re.sub(r"^\$\{([^}]*)\}", lambda hole: _known(target, hole[1]), text)
    return _DYNAMIC.sub(_ANY, _HOLE.sub(_ANY, text))


def _known(target: Resource, hole: str) -> str:
    name, _, attribute = hole.partition(".")
    # A reference to another stack does not tell which attribute it is of.
    attributes = [attribute] if name == target.logical_id else ["Arn", ""]
    return next((arn for one in attributes if (arn := _ARNS.get((target.kind, one)))), _ANY)


@cache
def pattern_of(documented: str) -> str:
    """Return an ARN of the documentation, with `${Holes}`, as one with wildcards."""
    return _HOLE.sub(lambda hole: _PATTERNS.get(hole[1], _ANY), documented)


@lru_cache(maxsize=65536)
def overlap(one: str, other: str) -> bool:
    """Whether some ARN matches both."""
    if not one.startswith("arn:") or not other.startswith("arn:"):
        return _overlap(one, other)
    first, second = one.split(":", 5), other.split(":", 5)
    if len(first) < 6 or len(second) < 6:
        return _overlap(one, other)
    return all(_overlap(a, b) for a, b in zip(first, second, strict=True))


def _overlap(one: str, other: str) -> bool:
    if _ANY in {one, other}:
        return True
    if not one or not other:
        return not one.strip(_ANY) and not other.strip(_ANY)
    # A row holds where in `other` a match can stand after so much of `one`.
    row = _closure({0}, other)
    for token in one:
        row = _step(row, token, other)
        if not row:
            return False
    return len(other) in row


def _closure(positions: set[int], other: str) -> set[int]:
    found = set(positions)
    for position in sorted(positions):
        after = position
        while after < len(other) and other[after] in {_ANY, _NAME}:
            after += 1
            found.add(after)
    return found


def _step(row: set[int], token: str, other: str) -> set[int]:
    if token in {_ANY, _NAME}:
        start = min(row)
        end = len(other)
        if token == _NAME:
            slash = other.find("/", start)
            end = slash if slash >= 0 else end
        return _closure(set(range(start, end + 1)), other)
    found = set()
    for position in row:
        if position < len(other):
            there = other[position]
            if there == _ANY or (there == _NAME and token != "/"):
                found.add(position)
            elif there in {token, "?"} or token == "?":
                found.add(position + 1)
    return _closure(found, other)
