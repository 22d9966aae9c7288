"""Physical names as CloudFormation makes them for a resource that the template does not name."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass

_SUFFIX_LENGTH = 12
_DEFAULT_LENGTH = 128


@dataclass(frozen=True, kw_only=True)
class PhysicalName:
    """Physical name of a resource type.

    Parameters
    ----------
    path: str
        The property that holds the name, dotted if nested.
    length: int
        Longest name that the service allows.
    lower: bool
        Whether the service allows lower-case letters only.
    hyphens: bool
        Whether the service allows hyphens. By default it does.
    """

    path: str
    length: int = _DEFAULT_LENGTH
    lower: bool = False
    hyphens: bool = True

    def generate(self, stack_name: str, logical_id: str) -> str:
        name = generate(stack_name, logical_id, length=self.length, lower=self.lower)
        return name if self.hyphens else name.replace("-", "")


def generate(stack_name: str, logical_id: str, *, length: int = _DEFAULT_LENGTH, lower: bool = False) -> str:
    """Return `stack-logicalid-random`, both parts cut to equal length where the whole would be too long."""
    suffix = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(_SUFFIX_LENGTH))
    room = length - _SUFFIX_LENGTH - 2
    if len(stack_name) + len(logical_id) > room:
        stack_name = stack_name[: max(room // 2, room - len(logical_id))]
        logical_id = logical_id[: room - len(stack_name)]
    name = f"{stack_name}-{logical_id}-{suffix}"
    return name.lower() if lower else name
