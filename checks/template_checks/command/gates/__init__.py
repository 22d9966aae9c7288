"""The gates and the packs: each turns templates into findings.

Gates say what AWS refuses or what never works, so they always run. Packs are policies of an organization, so each is
asked for. The module of either imports the tool behind it, so it is imported only where it runs.
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
    }
)
# By name: what it is. All but the last are cdk-nag's.
PACKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aws-solutions": "AwsSolutions",
        "hipaa": "HIPAA.Security",
        "nist-r4": "NIST.800.53.R4",
        "nist-r5": "NIST.800.53.R5",
        "pci": "PCI.DSS.321",
        "serverless": "Serverless",
        "control-tower": "the proactive controls of AWS Control Tower",
    }
)


def module_of(name: str) -> tuple[str, str | None]:
    """Return the module of a gate or pack, and the package that it needs."""
    if name in GATES:
        return GATES[name][0], GATES[name][2]
    if name == "control-tower":
        return "control_tower", "cdklabs.cdk-validator-cfnguard"
    return "nag", "cdk-nag"
