"""The examples of rules: what each refuses and what it lets pass, in `cases/<family>.yaml`.

A resource is written as a list of its type, its properties and what stands beside them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_CASES = Path(__file__).parent / "cases"


@cache
def examples() -> dict[str, dict[str, Any]]:
    """Return by rule the good example and the bad ones, each as a template."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(_CASES.glob("*.yaml")):
        for rule_id, case in yaml.safe_load(path.read_text()).items():
            found[rule_id] = {"good": template(case["good"]), "bad": [template(one) for one in case["bad"]]}
    return found


def template(resources: dict[str, list[Any]]) -> dict[str, Any]:
    """Return short forms of resources as a template."""
    return {
        "Resources": {
            logical_id: {"Type": kind, **({"Properties": properties} if properties else {}), **dict(*rest)}
            for logical_id, (kind, properties, *rest) in resources.items()
        }
    }
