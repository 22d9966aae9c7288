"""Step Functions."""

from __future__ import annotations

import json
import re
from typing import Any

from local_cloud.cloudformation.resource import Properties
from local_cloud.cloudformation.resource_type import ResourceType


def _state_machine(properties: Properties) -> Properties:
    request = dict(properties)
    substitutions = request.pop("DefinitionSubstitutions", {})
    definition: Any = request.pop("Definition", None) or request.pop("DefinitionString", None)
    if definition is None:
        raise ValueError("the local cloud needs DefinitionString or Definition of a state machine")
    text = definition if isinstance(definition, str) else json.dumps(definition)
    request["definition"] = re.sub(r"\$\{(\w+)\}", lambda found: str(substitutions.get(found[1], found[0])), text)
    return request


TYPES = [
    ResourceType(
        name="AWS::StepFunctions::StateMachine",
        attributes={"Name": "{StateMachineName}"},
        adapt=_state_machine,
    ),
]
