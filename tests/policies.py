"""Evaluation of a template's policies as IAM does it: readable prefixes of each role."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import aws_cdk as cdk

from lake_blueprints.storage.s3 import Zone
from tests.support import template_of


def flat(value: Any) -> str:
    """Return an ARN as one text, with references as their names."""
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(flat(part) for part in parts)
        case str():
            return value
    # Without brackets, which a pattern would take for a choice of letters.
    return f"<{re.sub('[^A-Za-z0-9]', '', json.dumps(value))}>"


def statements(stack: cdk.Stack, *, of: str = "") -> list[dict[str, Any]]:
    """Return the statements of all identity policies, or of those whose logical id begins so."""
    found = template_of(stack)["Resources"].items()
    policies = [
        item["Properties"]["PolicyDocument"]
        for name, item in found
        if item["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"} and name.startswith(of)
    ]
    return [statement for policy in policies for statement in policy["Statement"]]


def may_read(stack: cdk.Stack, zone: Zone, key: str, *, of: str = "") -> bool:
    """Tell whether someone may read an object: something allows it, and nothing denies it."""
    wanted = f"{flat(stack.resolve(zone.bucket.bucket_arn))}/{key}"

    def concerned(statement: dict[str, Any]) -> bool:
        actions, arns = (v if isinstance(v, list) else [v] for v in (statement["Action"], statement["Resource"]))
        return "s3:GetObject" in actions and any(fnmatchcase(wanted, flat(arn)) for arn in arns)

    return {statement["Effect"] for statement in statements(stack, of=of) if concerned(statement)} == {"Allow"}
