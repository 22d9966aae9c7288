"""References to the outputs of other stacks, for tools that do not know them yet."""

from __future__ import annotations

import json
from typing import Any


def without_outputs(value: Any) -> Any:
    """Write references to other stacks as text, as cdk-nag does in the ids of its findings."""
    if isinstance(value, list):
        return [without_outputs(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetStackOutput" in value:
        return json.dumps(value, separators=(",", ":"))
    return {key: without_outputs(item) for key, item in value.items()}
