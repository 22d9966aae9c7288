"""The gates: each turns the templates of an app into findings.

A gate's module imports the tool behind it, so it is imported only where it runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# By name: its module, what it says, and the package that it needs beyond the library's own.
GATES: Final[Mapping[str, tuple[str, str, str | None]]] = MappingProxyType(
    {
        "rules": ("own", "what AWS refuses at deploy or run time, and what hurts later", None),
        "schema": ("schema", "AWS's schemas of all resource types", "cloudformation-validate"),
        "cfn-lint": ("lint", "cfn-lint", "cfn-lint"),
        "iam": ("iam", "actions, resources and conditions of policies", "parliament"),
        "cdk-nag": ("nag", "cdk-nag's six packs", "cdk-nag"),
        "control-tower": ("control_tower", "AWS Control Tower's controls", "cdklabs.cdk-validator-cfnguard"),
    }
)
